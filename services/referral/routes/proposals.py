"""Which site for this patient, and which sites cannot keep the promise: said before the patient is told."""

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.referral.actions.watch_promises import ALERT_AFTER, open_gaps
from services.referral.model.schedule import VisitType
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.proposals import propose_sites
from services.referral.queries.sites import (
    find_visit_type,
    first_visit_of_route,
    list_sites,
    list_visit_types,
)
from services.referral.queries.slot_forecasts import read_slot_forecasts
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.cases import visible_referral
from services.referral.routes.protocol_shapes import AnyOut
from services.referral.routes.referral_view import moment
from services.referral.routes.slots import slot_json
from services.referral.rules.slot_forecast import MIN_MORNINGS
from services.referral.rules.visibility import LIST_ROLES, sees_site


def proposal_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of proposals and promises."""
    routes = APIBlueprint("proposals", __name__)

    @routes.get("/referrals/<referral_id>/proposals")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.ProposalsOut)
    @routes.doc(security="bearer")
    def for_referral(referral_id: str) -> Any:
        """Sites for this referral, best first: skill, first free slot, drive; whether the promise holds; and why."""
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, principal().actor)
            visit = first_visit_of_route(session, referral.route)
            if visit is None:
                raise invalid([FieldProblem("referral.route", "no_visit_type")])
            assert referral.patient is not None
            postcode = str(referral.patient.reveal().get("postcode", ""))[:5]
            body = _proposals(session, visit, referral.priority, postcode, referral.preferred_site)
        return jsonify(body)

    @routes.get("/proposals")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.input(shapes.ProposalQuery, location="query", arg_name="query")
    @routes.output(shapes.ProposalsOut)
    @routes.doc(security="bearer")
    def proposals(query: shapes.ProposalQuery) -> Any:
        """The same for any visit type, priority and postcode: what can be promised before anybody is told."""
        with parts.database.transaction() as session:
            visit = find_visit_type(session, query.visit_type)
            if visit is None:
                raise invalid([FieldProblem("query.visit_type", "unknown")])
            body = _proposals(session, visit, query.priority, query.postcode, query.site)
        return jsonify(body)

    @routes.get("/slot-alerts")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.SlotAlertsOut)
    @routes.doc(security="bearer")
    def alerts() -> Any:
        """Where the promise of a visit by the next open day is not kept, and since when; `alert` after two days."""
        actor = principal().actor
        with parts.database.transaction() as session:
            sites = {site.id: site.name for site in list_sites(session)}
            visits = {visit.id: visit.name for visit in list_visit_types(session)}
            at = now(session)
            items = [
                {
                    "site": gap.site_id,
                    "site_name": sites.get(gap.site_id, gap.site_id),
                    "visit_type": gap.visit_type_id,
                    "visit_type_name": visits.get(gap.visit_type_id, gap.visit_type_id),
                    "since": moment(gap.opened_at),
                    "next_free_at": moment(gap.next_free_at),
                    "days": (at - gap.opened_at).days,
                    "alert": at - gap.opened_at >= ALERT_AFTER,
                }
                for gap in open_gaps(session)
                if sees_site(actor.sites, gap.site_id)
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.get("/slot-forecasts")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def forecasts() -> Any:
        """In how many days no slot is left within the promise, by site and first visit, with the back-tested error."""
        actor = principal().actor
        with parts.database.transaction() as session:
            found = read_slot_forecasts(session)
        items = [
            {
                "site": one.site_id,
                "site_name": one.site_name,
                "visit_type": one.visit_type_id,
                "visit_type_name": one.visit_type_name,
                "known": one.known,
                "days": one.days,
                "horizon_days": one.horizon_days,
                "gone_a_week": one.gone_a_week,
                "free_week": one.free_week,
                "mornings": one.mornings,
                "mornings_needed": MIN_MORNINGS,
                "back_test": None if one.tested is None else asdict(one.tested),
            }
            for one in found
            if sees_site(actor.sites, one.site_id)
        ]
        return jsonify(items=items, next_cursor=None)

    return routes


def _proposals(session: Session, visit: VisitType, priority: str, postcode: str, site: str) -> dict[str, Any]:
    at = now(session)
    rules = visit_rules(visit)
    found, without = propose_sites(session, rules, priority, at, postcode=postcode, preferred_site=site)
    clinic = clinic_for(session, rules)
    zones = {one.id: one.zone for one in clinic.sites}
    items = [
        slot_json(one.slot, visit.id, zones[one.slot.site_id], clinic, at)
        | {
            "promised_until": moment(one.promised_until),
            "kept": one.kept,
            "drive_minutes": one.drive_minutes,
            "why": list(one.why),
            "score": one.score,
        }
        for one in found
    ]
    wished = [one for one in found if one.slot.site_id == site]
    return {
        "items": items,
        "next_cursor": None,
        "priority": priority,
        "promise_kept": any(one.kept for one in found),
        "kept_at_preferred": None if not site else any(one.kept for one in wished),
        "sites_without_slots": without,
    }
