"""What intake's patient pages ask of the schedule: own visits, slots to choose from, confirm, move, cancel."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.referral.actions.book_by_patient import book_by_patient, phone_of
from services.referral.actions.change_by_patient import PatientsWish, change_by_patient
from services.referral.actions.check_slot import Wish, under_hold
from services.referral.model.referral import Referral
from services.referral.queries.appointments import Visit, live_visits_of_patient, read_visit
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.referrals import find_referral
from services.referral.queries.sites import first_visit_of_route, list_sites
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes import self_service_shapes as own_shapes
from services.referral.routes.holds import id_or_404
from services.referral.routes.referral_view import moment
from services.referral.routes.slots import slot_json
from services.referral.routes.visit_access import zone_of
from services.referral.routes.wall_clock import read_day_or_time, read_time
from services.referral.rules.calendar_time import day_starts_at, local_label
from services.referral.rules.self_service import cutoff_of, may_change, why_not_book
from services.referral.rules.slots import Slot, VisitRules

# How many days a page of times begins with, and more starts than the days of one page have.
FIRST_DAYS, MOST_SEARCHED = 4, 20_000


def self_service_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint for patients' own pages; only services call it, each for a patient they know by link."""
    routes = APIBlueprint("self_service", __name__)

    @routes.get("/self/referrals/<referral_id>")
    @allow(services=True)
    @routes.output(own_shapes.OwnVisitsOut)
    @routes.doc(security="bearer")
    def own_referral(referral_id: str) -> Any:
        """The visits to come of the referral's patient, and whether a time can be chosen."""
        with parts.database.transaction() as session:
            referral = find_referral(session, id_or_404(referral_id, "referral"))
            if referral is None:
                raise not_found("referral")
            at = now(session)
            found = [
                read_visit(session, a.id) for a in live_visits_of_patient(session, referral.patient_id, at)
            ]
            items = [_own_visit_json(visit, at) for visit in found if visit is not None]
            ready = [_ready_json(session, referral)]
        return jsonify(items=items, next_cursor=None, referrals=ready)

    @routes.get("/self/referrals/<referral_id>/slots")
    @allow(services=True)
    @routes.input(own_shapes.OwnSlotQuery, location="query", arg_name="query")
    @routes.output(own_shapes.OwnSlotsOut)
    @routes.doc(security="bearer")
    def own_slots(referral_id: str, query: own_shapes.OwnSlotQuery) -> Any:
        """Times the patient can choose from. 409 with the phone to call when a person has to speak with them first."""
        with parts.database.transaction() as session:
            return jsonify(_times(session, id_or_404(referral_id, "referral"), query))

    @routes.post("/self/referrals/<referral_id>/appointments")
    @allow(services=True)
    @routes.input(shapes.HoldIn, arg_name="body")
    @routes.output(own_shapes.OwnVisitOut, status_code=201)
    @routes.doc(security="bearer")
    def book(referral_id: str, body: shapes.HoldIn) -> Any:
        """Book the time the patient chose."""

        def deed(session: Session) -> Reply:
            visit = book_by_patient(session, id_or_404(referral_id, "referral"), _wish(session, body))
            return Reply(_own_visit_json(visit, now(session)) | {"result": "done"}, 201)

        return once(parts.database, principal().client, deed).as_flask()

    @routes.post("/self/appointments/<appointment_id>/<any(confirm, cancel, move):deed_name>")
    @allow(services=True)
    @routes.input(own_shapes.OwnChangeIn, arg_name="body")
    @routes.output(own_shapes.OwnVisitOut)
    @routes.doc(security="bearer")
    def change(appointment_id: str, deed_name: str, body: own_shapes.OwnChangeIn) -> Any:
        """Confirm, cancel or move a visit. Too late to do alone: `result` is `call_back` and staff are asked."""

        def deed(session: Session) -> Reply:
            known = id_or_404(appointment_id, "appointment")
            done = _change(session, known, deed_name, body)
            session.flush()
            visit = read_visit(session, known)
            assert visit is not None
            return Reply(_own_visit_json(visit, now(session)) | {"result": done.result}, 200)

        return once(parts.database, principal().client, deed).as_flask()

    return routes


def _times(session: Session, referral_id: UUID, query: own_shapes.OwnSlotQuery) -> dict[str, Any]:
    """Free times of the referral's first visit, or of the visit that is to move; 409 when a person speaks first."""
    referral = find_referral(session, referral_id)
    if referral is None:
        raise not_found("referral")
    moving = _moving(session, referral, query.appointment_id) if query.appointment_id else None
    held = under_hold(session, referral.patient_id)
    # A visit moves whatever is not answered; while a red flag is open no time would be given, so none is shown.
    reason = why_not_book(referral.state, held, referral.open_warnings)
    if reason and (held or moving is None):
        raise conflict(reason, "Please call us to choose a time.", phone=_phone(session, referral))
    visit = first_visit_of_route(session, referral.route) if moving is None else moving.visit_type
    if visit is None:
        raise conflict("not_ready", "Please call us to choose a time.", phone=_phone(session, referral))
    at = now(session)
    rules = visit_rules(visit)
    zone = zone_of(session, query.site)
    wanted = read_day_or_time(query.from_, zone, "query.from") if query.from_ else at
    found, until_at = _by_days(session, rules, query, (max(at, wanted), zone), moving)
    clinic = clinic_for(session, rules)
    zones = {site.id: site.zone for site in clinic.sites}
    items = [slot_json(slot, rules.id, zones[slot.site_id], clinic, at) for slot in found]
    sites = [{"id": site.id, "name": site.name} for site in list_sites(session)]
    return {
        "items": items,
        "next_cursor": None,
        "visit_type": rules.id,
        "until": moment(until_at),
        "sites": sites,
    }


def _by_days(
    session: Session,
    rules: VisitRules,
    query: own_shapes.OwnSlotQuery,
    beginning: tuple[datetime, ZoneInfo],
    moving: Visit | None,
) -> tuple[list[Slot], datetime]:
    """The earliest of each day until there are enough, and how far was looked: where the next page begins.

    A time is listed once a site, whoever is free then; the one the moving visit has is not listed, those beside it are.
    """
    found: list[Slot] = []
    begins, zone = beginning
    first = begins.astimezone(zone).date()
    ends = [day_starts_at(first + timedelta(days=number), zone) for number in range(1, query.days + 1)]
    own = None if moving is None else moving.appointment
    # Most find enough in the first days: only who does not has the rest searched, at once.
    for days in (ends[:FIRST_DAYS], ends[FIRST_DAYS:]):
        if not days or len(found) >= query.limit:
            break
        search = SlotSearch(
            begins,
            days[-1],
            MOST_SEARCHED,
            sites=_sites(query.site),
            without=None if own is None else own.id,
            one_provider=True,
        )
        slots = [
            slot
            for slot in find_slots(session, rules, search, now(session))
            if own is None or (slot.site_id, slot.starts_at) != (own.site_id, own.starts_at)
        ]
        for ends_at in days:
            todays = [slot for slot in slots if begins <= slot.starts_at < ends_at]
            found += todays[: min(query.per_day, query.limit - len(found))]
            begins = ends_at
            if len(found) >= query.limit:
                break
    return found, begins


def _moving(session: Session, referral: Referral, appointment_id: str) -> Visit:
    """The visit that is to move, of this referral's patient; raises 404."""
    visit = read_visit(session, id_or_404(appointment_id, "appointment"))
    if visit is None or visit.appointment.patient_id != referral.patient_id:
        raise not_found("appointment")
    return visit


def _change(
    session: Session, appointment_id: UUID, deed_name: str, body: own_shapes.OwnChangeIn
) -> PatientsWish:
    if deed_name == "move" and body.to is None:
        raise invalid([FieldProblem("json.to", "missing")])
    wish = None if body.to is None else _wish(session, body.to)
    return change_by_patient(
        session, appointment_id, body.visit_version, deed_name, reason=body.reason_code, wish=wish
    )


def _wish(session: Session, body: shapes.HoldIn) -> Wish:
    zone = zone_of(session, body.site_id, "json.site_id")
    starts_at = read_time(body.starts_at, zone, "json.starts_at")
    return Wish(body.visit_type, body.provider_id, body.site_id, starts_at)


def _own_visit_json(visit: Visit, at: datetime) -> dict[str, Any]:
    """A visit as its patient may see it: when and where, in neutral words."""
    appointment = visit.appointment
    cutoff = visit.visit_type.cutoff_minutes
    return {
        "id": str(appointment.id),
        "visit_version": appointment.version,
        "referral_id": None if appointment.referral_id is None else str(appointment.referral_id),
        "visit_type": visit.visit_type.id,
        "visit_type_name": visit.visit_type.sms_name,
        "site": {
            "id": visit.site.id,
            "name": visit.site.name,
            "address": visit.site.address,
            "phone": visit.site.phone,
            "time_zone": visit.site.time_zone,
        },
        "provider_id": appointment.provider_id,
        "provider": visit.provider.name,
        "starts_at": moment(appointment.starts_at),
        "local_start": local_label(appointment.starts_at, ZoneInfo(visit.site.time_zone)),
        "state": appointment.state,
        "asks": appointment.asks,
        "may_change": may_change(appointment.state, appointment.starts_at, cutoff, at),
        "change_until": moment(cutoff_of(appointment.starts_at, cutoff)),
    }


def _ready_json(session: Session, referral: Referral) -> dict[str, Any]:
    held = under_hold(session, referral.patient_id)
    reason = why_not_book(referral.state, held, referral.open_warnings)
    return {
        "id": str(referral.id),
        "state": referral.state,
        "may_book": not reason,
        "why_not": reason,
        "phone": _phone(session, referral),
    }


def _phone(session: Session, referral: Referral) -> str:
    return phone_of(session, referral.site or referral.preferred_site) or list_sites(session)[0].phone


def _sites(site: str) -> tuple[str, ...]:
    return (site,) if site else ()
