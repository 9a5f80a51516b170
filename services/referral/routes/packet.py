"""GET /referrals/{id}/packet: what goes out with a referral, as one PDF."""

from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response

from kernel.assembly import Parts
from kernel.audit import record
from kernel.clock import now
from kernel.web.principal import allow, principal
from kernel.web.problems import Problem, conflict
from services.referral.queries.protocols import protocol_of_version
from services.referral.queries.referrals import read_case
from services.referral.queries.sites import list_sites
from services.referral.routes.case_view import case_json
from services.referral.routes.cases import treats, visible_referral
from services.referral.routes.packet_pdf import draw_packet
from services.referral.routes.packet_view import packet_of
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.visibility import TRIAGE_ROLES

ANSWERS: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The packet.", "content": {"application/pdf": {}}}
}


def packet_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the outgoing packet."""
    routes = APIBlueprint("packet", __name__)

    @routes.get("/referrals/<referral_id>/packet")
    @allow(roles=TRIAGE_ROLES | {"therapist"}, scopes={"referral:read"})
    @routes.doc(
        security="bearer",
        responses=ANSWERS,
    )
    def packet(referral_id: str) -> Any:
        """Answers, evidence, route, priority and contact as PDF, for those who may read the answers. Audited."""
        actor = principal().actor
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, actor)
            case = read_case(session, referral)
            live = case.live_decision
            if live is None:
                raise conflict(
                    "no_decision", "No decision is stored with this referral, so there is no packet."
                )
            own = treats(actor, case)
            if actor.role == "therapist" and not own:
                raise Problem(403, "forbidden", "Only those who treat this patient may take the answers out.")
            found = protocol_of_version(session, live.protocol_version)
            assert found is not None
            protocols = {live.protocol_version: found.protocol}
            moment = now(session)
            zone = ZoneInfo(OFFICE_HOURS.time_zone)
            body = case_json(case, protocols, actor, moment, own_patient=own)
            content = packet_of(body, referral, found.protocol, list_sites(session), zone)
            details = {"decision_id": str(live.id), "version": referral.version}
            record(session, actor, "export_packet", "referral", referral.id, details=details)
            foot = (
                f"Confidential health information. Referral {referral.id}, version {referral.version}. "
                f"Made {moment.astimezone(zone):%Y-%m-%d %H:%M %Z} by {actor.name or actor.id}."
            )
        answer = Response(draw_packet(content, foot=foot), mimetype="application/pdf")
        # The file's name carries no name: it lies in download folders and mail programs.
        answer.headers["Content-Disposition"] = f'attachment; filename="referral-{referral_id[-8:]}.pdf"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes
