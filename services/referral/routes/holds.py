"""Holds, and the check that names everything against a visit before it is saved."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.ids import parse_id
from kernel.web.api import STORES_NOTHING
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.referral.actions.check_slot import (
    Place,
    Wish,
    check_slot,
    find_place,
    next_slots,
    only_overbooks,
    slot_json,
)
from services.referral.actions.end_hold import end_hold, find_hold
from services.referral.actions.hold_slot import hold_slot
from services.referral.actions.take_seats import lock_providers
from services.referral.model.referral import Referral
from services.referral.model.schedule import SlotHold
from services.referral.queries.appointments import find_appointment
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.cases import visible_referral
from services.referral.routes.referral_view import moment, text_id
from services.referral.routes.visit_access import BOOKING_ROLES, zone_of
from services.referral.routes.wall_clock import read_instant, read_time
from services.referral.rules.calendar_time import local_label

HOLD_OF = select(SlotHold.referral_id, SlotHold.provider_id).where(SlotHold.id == bindparam("id"))


def hold_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of holds and checks."""
    routes = APIBlueprint("holds", __name__)

    @routes.post("/referrals/<referral_id>/holds")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.HoldIn, arg_name="body")
    @routes.output(shapes.HoldOut, status_code=201)
    @routes.doc(security="bearer")
    def hold(referral_id: str, body: shapes.HoldIn) -> Any:
        """Keep a slot for ten minutes. An earlier hold of the referral is released."""
        who = principal()

        def deed(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor)
            held = hold_slot(session, who.actor, referral.id, wish_of(session, body))
            return Reply(_hold_json(session, held), 201)

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/holds/<hold_id>/release")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.HoldOut)
    @routes.doc(security="bearer")
    def release(hold_id: str, body: shapes.EmptyIn) -> Any:
        """Give a held slot back; releasing one that has ended changes nothing."""
        who = principal()

        def deed(session: Session) -> Reply:
            # Referral, provider, hold: the order of those who hold, book and claim (0225).
            wanted = id_or_404(hold_id, "hold")
            seen = session.execute(HOLD_OF, {"id": wanted}).first()
            if seen is None:
                raise not_found("hold")
            if seen.referral_id is not None:
                visible_referral(session, str(seen.referral_id), who.actor, lock=True)
            lock_providers(session, seen.provider_id)
            held = find_hold(session, wanted)
            end_hold(session, who.actor, held, "released")
            return Reply(_hold_json(session, held), 200)

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/referrals/<referral_id>/appointments/check")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.CheckIn, arg_name="body")
    @routes.output(shapes.CheckOut)
    @routes.doc(security="bearer", extensions={STORES_NOTHING: True})
    def check(referral_id: str, body: shapes.CheckIn) -> Any:
        """Name everything that speaks against a visit, or against its move, before it is saved. Nothing is stored."""
        who = principal()
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, who.actor)
            moving = _moving(session, referral, body.appointment_id)
            place = find_place(session, wish_of(session, body))
            # As a move asks: its route was settled when it was booked.
            routes_of = None if moving else {referral.route, *referral.secondary_routes}
            checked = check_slot(
                session, place, patient_id=referral.patient_id, routes=routes_of, without=moving
            )
            place, found = checked.place, checked.conflicts
            conflicts = [{"code": c.code, "appointment_id": text_id(c.appointment_id)} for c in found]
            instead = [slot_json(slot, place) for slot in next_slots(session, place)] if found else []
            visit = _place_json(place)
        return jsonify(
            visit=visit, conflicts=conflicts, alternatives=instead, may_overbook=only_overbooks(found)
        )

    return routes


def _moving(session: Session, referral: Referral, appointment_id: str | None) -> UUID | None:
    """The visit of the referral that would move; the one 404 for an id that names none."""
    if appointment_id is None:
        return None
    visit = find_appointment(session, id_or_404(appointment_id, "appointment"))
    if visit is None or visit.referral_id != referral.id:
        raise not_found("appointment")
    return visit.id


def _place_json(place: Place) -> dict[str, Any]:
    """The visit a check was about, with the names of what it names."""
    zone = ZoneInfo(place.site.time_zone)
    return {
        "visit_type": place.visit_type.id,
        "visit_type_name": place.visit_type.name,
        "provider_id": place.provider.id,
        "provider_name": place.provider.name,
        "site_id": place.site.id,
        "site_name": place.site.name,
        "time_zone": place.site.time_zone,
        "starts_at": moment(place.starts_at),
        "ends_at": moment(place.starts_at + place.rules.length),
        "local_start": local_label(place.starts_at, zone),
    }


def wish_of(session: Session, body: shapes.BookIn | shapes.HoldIn) -> Wish:
    """Read a wish from a body; times without an offset are the site's wall clock."""
    starts_at = read_instant(body.starts_at)
    if starts_at is None:
        starts_at = read_time(
            body.starts_at, zone_of(session, body.site_id, "json.site_id"), "json.starts_at"
        )
    overbook = isinstance(body, shapes.BookIn) and body.overbook
    return Wish(body.visit_type, body.provider_id, body.site_id, starts_at, overbook)


def clear_wish(body: shapes.BookIn) -> Wish | None:
    """As `wish_of`, for who may not ask the database yet; None when only a site's clock tells the time."""
    starts_at = read_instant(body.starts_at)
    if starts_at is None:
        return None
    return Wish(body.visit_type, body.provider_id, body.site_id, starts_at, body.overbook)


def id_or_404(given: str, what: str) -> UUID:
    """Return the id, or raise the one 404 for an id that is unknown or malformed."""
    parsed = parse_id(given)
    if parsed is None:
        raise not_found(what)
    return parsed


def _hold_json(session: Session, hold: SlotHold) -> dict[str, Any]:
    left = int((hold.expires_at - now(session)).total_seconds())
    return {
        "id": str(hold.id),
        "referral_id": str(hold.referral_id),
        "visit_type": hold.visit_type_id,
        "provider_id": hold.provider_id,
        "site_id": hold.site_id,
        "starts_at": moment(hold.starts_at),
        "expires_at": moment(hold.expires_at),
        "seconds_left": 0 if hold.ended else max(0, left),
    }
