"""GET /referrals/{id}: one case with its evidence and timeline."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import parse_id
from kernel.web.conditional import etag
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.referral.model.referral import Referral
from services.referral.queries.protocols import protocol_of_version
from services.referral.queries.referrals import Case, find_referral, read_case
from services.referral.routes.case_view import case_json
from services.referral.rules.visibility import LIST_ROLES, sees_site
from services.referral.schemas import CaseOut


def case_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of single cases."""
    routes = APIBlueprint("cases", __name__)

    @routes.get("/referrals/<referral_id>")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(CaseOut)
    @routes.doc(security="bearer")
    def read_referral(referral_id: str) -> Any:
        """One referral with answers, decision, evidence and timeline, as far as the reader may see them."""
        actor = principal().actor
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, actor)
            case = read_case(session, referral)
            protocols = {}
            for decision in case.decisions:
                found = protocol_of_version(session, decision.protocol_version)
                assert found is not None
                protocols[decision.protocol_version] = found.protocol
            body = case_json(case, protocols, actor, now(session), own_patient=treats(actor, case))
            record(session, actor, "view_referral", "referral", referral.id)
        answer = jsonify(body)
        answer.headers["ETag"] = etag(referral.version)
        return answer

    return routes


def treats(actor: Actor, case: Case) -> bool:
    """True for a therapist with a visit on this referral: they may read the answers of their own patients."""
    if actor.role != "therapist" or not actor.provider_id:
        return False
    return any(visit.provider_id == actor.provider_id for visit in case.visits)


def visible_referral(session: Session, referral_id: str, actor: Actor, *, lock: bool = False) -> Referral:
    """Return the referral, or raise the one 404 for an id that is unknown, malformed or of another site."""
    parsed = parse_id(referral_id)
    return seen_referral(None if parsed is None else find_referral(session, parsed, lock=lock), actor)


def seen_referral(referral: Referral | None, actor: Actor) -> Referral:
    """Return the referral that was found, or raise the 404 of `visible_referral`."""
    if referral is None or not sees_site(actor.sites, referral.site):
        raise not_found("referral")
    return referral
