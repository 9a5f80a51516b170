"""Therapy series: plan with conflicts listed, book, cancel all that is to come."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.book_series import Pattern, Planned, book_series, cancel_series, plan_series
from services.referral.actions.check_slot import slot_json
from services.referral.model.appointment import Appointment
from services.referral.queries.appointments import read_visit, visits_of_series
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import appointment_json, series_now, series_version, today_at
from services.referral.routes.cases import visible_referral
from services.referral.routes.holds import id_or_404
from services.referral.routes.referral_view import moment
from services.referral.routes.visit_access import BOOKING_ROLES, zone_of


def series_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of series."""
    routes = APIBlueprint("series", __name__)

    @routes.post("/referrals/<referral_id>/series/check")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.SeriesIn, arg_name="body")
    @routes.output(shapes.SeriesOut)
    @routes.doc(security="bearer", extensions={STORES_NOTHING: True})
    def check(referral_id: str, body: shapes.SeriesIn) -> Any:
        """Every visit of the series with what stands against it and what is free instead. Nothing is stored."""
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, principal().actor)
            planned = plan_series(session, referral, _pattern(body))
        return jsonify(
            series_id=None,
            version=None,
            items=[],
            left_out=[],
            planned=[_planned_json(one) for one in planned],
        )

    @routes.post("/referrals/<referral_id>/series")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.SeriesIn, arg_name="body")
    @routes.output(shapes.SeriesOut, status_code=201)
    @routes.doc(security="bearer")
    def book(referral_id: str, body: shapes.SeriesIn) -> Any:
        """Book the series. 409 `series_conflicts`, unless `skip_conflicts`: then those visits are left out."""
        who = principal()

        def deed(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor)
            series_id, booked, left_out = book_series(
                session, who.actor, referral.id, _pattern(body), skip_conflicts=body.skip_conflicts
            )
            items = _visits_json(session, booked)
            version = series_version(booked)
            answer = {
                "series_id": str(series_id),
                "version": version,
                "items": items,
                "left_out": [_planned_json(one) for one in left_out],
                "planned": [],
            }
            return Reply(answer, 201, {"ETag": etag(version)})

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/series/<series_id>/cancel")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.CancelIn, arg_name="body")
    @routes.output(shapes.SeriesOut)
    @routes.doc(security="bearer")
    def cancel(series_id: str, body: shapes.CancelIn) -> Any:
        """Cancel every visit of the series still to come; one alone is cancelled as any visit is.

        If-Match names the series' version, which rises with every change of any of its visits; 412 lists those to come.
        """
        who = principal()

        def deed(session: Session) -> Reply:
            known = id_or_404(series_id, "series")
            of = select(Appointment.referral_id).where(Appointment.series_id == known)
            referral_id = session.scalars(of.limit(1)).first()
            if referral_id is None:
                raise not_found("series")
            # Locked before its visits are read: what is compared is what is cancelled.
            visible_referral(session, str(referral_id), who.actor, lock=True)
            visits = visits_of_series(session, known)
            require_match(series_version(visits), **series_now(visits, now(session)))
            cancelled = cancel_series(session, who.actor, known, body.reason_code)
            items = _visits_json(session, cancelled)
            version = series_version(visits)
            answer = {
                "series_id": series_id,
                "version": version,
                "items": items,
                "left_out": [],
                "planned": [],
            }
            return Reply(answer, 200, {"ETag": etag(version)})

        return once(parts.database, who.client, deed).as_flask()

    return routes


def _pattern(body: shapes.SeriesIn) -> Pattern:
    try:
        first = datetime.fromisoformat(body.first_start)
    except ValueError:
        raise invalid([FieldProblem("json.first_start", "not_a_time")]) from None
    if first.tzinfo is not None or first.second or first.microsecond:
        raise invalid([FieldProblem("json.first_start", "not_a_wall_clock_time")])
    weekdays = frozenset(body.weekdays)
    return Pattern(body.visit_type, body.provider_id, body.site_id, first, weekdays, body.count)


def _planned_json(one: Planned) -> dict[str, Any]:
    return {
        "number": one.number,
        "starts_at": moment(one.place.starts_at),
        "conflicts": [found.code for found in one.conflicts],
        "instead": [slot_json(slot, one.place) for slot in one.instead],
    }


def _visits_json(session: Session, appointments: list[Appointment]) -> list[dict[str, Any]]:
    session.flush()
    today = today_at(zone_of(session, ""), now(session))
    visits = [read_visit(session, appointment.id) for appointment in appointments]
    return [appointment_json(visit, today) for visit in visits if visit is not None]
