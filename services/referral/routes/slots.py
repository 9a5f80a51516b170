"""GET /slots: one search over all sites and providers, earliest first."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.referral.model.schedule import VisitType
from services.referral.queries.clinic_facts import Clinic, clinic_for, visit_rules
from services.referral.queries.sites import find_site, find_visit_type, first_visit_of_route
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.routes.schedule_shapes import SlotQuery, SlotsOut
from services.referral.routes.wall_clock import read_day_or_time
from services.referral.rules.calendar_time import local_date, local_label
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.slots import Slot
from services.referral.rules.visibility import LIST_ROLES


def slot_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the slot search."""
    routes = APIBlueprint("slots", __name__)

    @routes.get("/slots")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.input(SlotQuery, location="query", arg_name="query")
    @routes.output(SlotsOut)
    @routes.doc(security="bearer")
    def search(query: SlotQuery) -> Any:
        """Free slots for a visit type over every site and provider, earliest first."""
        with parts.database.transaction() as session:
            visit = _visit_type(session, query)
            moment = now(session)
            search = _search(session, query, moment, principal().actor.sites)
            rules = visit_rules(visit)
            found = find_slots(session, rules, search, moment)
            clinic = clinic_for(session, rules)
        zones = {site.id: site.zone for site in clinic.sites}
        items = [slot_json(slot, visit.id, zones[slot.site_id], clinic, moment) for slot in found]
        return jsonify(items=items, next_cursor=None, visit_type=visit.id)

    return routes


def slot_json(
    slot: Slot, visit_type: str, zone: ZoneInfo, clinic: Clinic, moment: datetime
) -> dict[str, Any]:
    """One slot (`schedule_shapes.SlotOut`)."""
    return {
        "site": slot.site_id,
        "site_name": clinic.site_names[slot.site_id],
        "provider": {"id": slot.provider_id, "name": clinic.provider_names[slot.provider_id]},
        "provider_id": slot.provider_id,
        "visit_type": visit_type,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "local_start": local_label(slot.starts_at, zone),
        "badge": _badge(local_date(slot.starts_at, zone), local_date(moment, zone)),
    }


def _badge(day: date, today: date) -> str | None:
    return {0: "today", 1: "tomorrow"}.get((day - today).days)


def _visit_type(session: Session, query: SlotQuery) -> VisitType:
    if query.visit_type:
        visit = find_visit_type(session, query.visit_type)
        if visit is None:
            raise invalid([FieldProblem("query.visit_type", "unknown")])
        return visit
    if not query.route:
        raise invalid([FieldProblem("query.visit_type", "missing")])
    first = first_visit_of_route(session, query.route)
    if first is not None:
        return first
    raise invalid([FieldProblem("query.route", "unknown")])


def _search(session: Session, query: SlotQuery, moment: datetime, allowed: tuple[str, ...]) -> SlotSearch:
    """Read the search; staff limited to sites search those only."""
    zone = ZoneInfo(OFFICE_HOURS.time_zone)
    sites = allowed
    if query.site:
        site = find_site(session, query.site)
        if site is None or (allowed and site.id not in allowed):
            raise invalid([FieldProblem("query.site", "unknown")])
        zone, sites = ZoneInfo(site.time_zone), (site.id,)
    from_at = read_day_or_time(query.from_, zone, "query.from") if query.from_ else moment
    return SlotSearch(
        from_at=max(from_at, moment),
        until_at=max(from_at, moment) + timedelta(days=query.days),
        most=query.limit,
        sites=sites,
        providers=(query.provider,) if query.provider else (),
    )
