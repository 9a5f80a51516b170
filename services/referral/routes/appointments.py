"""Appointments: book one, read one, list a day."""

from collections import Counter
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify
from psycopg.errors import DeadlockDetected, ExclusionViolation
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.audit import record
from kernel.clock import now
from kernel.ids import parse_id
from kernel.journey import Answer
from kernel.rows import write_changes
from kernel.web.conditional import etag
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import Problem
from services.referral.actions.ask_ahead import ask_ahead
from services.referral.actions.book_slot import book_slot
from services.referral.queries.appointments import Visit, history_of, visits_between, visits_that_ask
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import appointment_json, change_json, today_at
from services.referral.routes.cases import seen_referral
from services.referral.routes.holds import clear_wish, id_or_404, wish_of
from services.referral.routes.visit_access import (
    BOOKING_ROLES,
    refuse_overbook,
    visible_visit,
    visit_reply,
    zone_of,
)
from services.referral.routes.wall_clock import read_day
from services.referral.rules.calendar_time import DAY, day_starts_at
from services.referral.rules.visibility import LIST_ROLES, sees_site


def appointment_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of appointments."""
    routes = APIBlueprint("appointments", __name__)

    @routes.post("/referrals/<referral_id>/appointments")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.BookIn, arg_name="body")
    @routes.output(shapes.AppointmentOut, status_code=201)
    @routes.doc(security="bearer")
    def book(referral_id: str, body: shapes.BookIn) -> Any:
        """Book a visit. 409 `slot_taken` or `slot_not_offered` come with every conflict and the next free slots."""
        who = principal()
        refuse_overbook(body.overbook, who.actor)
        asking = ask_ahead(
            parts.database.url,
            parts.database.clock_offset,
            parse_id(referral_id),
            clear_wish(body),
            None if body.hold_id is None else parse_id(body.hold_id),
        )

        def deed(session: Session, *answers: Answer, at_once: bool = True) -> Reply:
            found, ahead = asking.read(answers)
            referral = seen_referral(found, who.actor)
            hold_id = None if body.hold_id is None else id_or_404(body.hold_id, "hold")
            visit = book_slot(
                session,
                who.actor,
                referral,
                wish_of(session, body),
                hold_id=hold_id,
                in_turn=True,
                ahead=ahead,
                at_once=at_once,
            )
            write_changes(session, referral)
            return visit_reply(session, visit.appointment.id, 201, visit)

        try:
            return once(parts.database, who.client, deed, asking.questions).as_flask()
        except (ExclusionViolation, DeadlockDetected):
            # Somebody took a seat between our look and our commit, or two at once each waited for the other's: once
            # more, seat by seat behind the provider's lock.
            slowly = partial(deed, at_once=False)
            return once(parts.database, who.client, slowly, asking.questions).as_flask()

    @routes.get("/appointments")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.input(shapes.DayQuery, location="query", arg_name="query")
    @routes.output(shapes.DayOut)
    @routes.doc(security="bearer")
    def day_list(query: shapes.DayQuery) -> Any:
        """A day's visits in order of time, with counts by state; or, with `asks`, the visits that wait for staff."""
        actor = principal().actor
        with parts.database.transaction() as session:
            zone = zone_of(session, query.site)
            moment = now(session)
            day = read_day(query.date, "query.date") if query.date else today_at(zone, moment)
            sites = (query.site,) if query.site else actor.sites
            if query.asks:
                visits = visits_that_ask(session, "" if query.asks == "any" else query.asks, sites)
            else:
                bounds = day_starts_at(day, zone), day_starts_at(day + DAY, zone)
                visits = visits_between(session, *bounds, sites)
            seen = [visit for visit in visits if sees_site(actor.sites, visit.site.id)]
            page, cursor = _page(seen, query)
            items = [appointment_json(visit, today_at(zone, moment)) for visit in page]
        counts = Counter(visit.appointment.state for visit in seen)
        return jsonify(items=items, next_cursor=cursor, date=day.isoformat(), counts=dict(counts))

    @routes.get("/appointments/<appointment_id>")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.AppointmentHistoryOut)
    @routes.doc(security="bearer")
    def read(appointment_id: str) -> Any:
        """One visit with everything that happened to it."""
        who = principal()
        with parts.database.transaction() as session:
            visit = visible_visit(session, appointment_id, who.actor)
            zone = ZoneInfo(visit.site.time_zone)
            body = appointment_json(visit, today_at(zone, now(session)))
            body["changes"] = [change_json(c) for c in history_of(session, [visit.appointment.id])]
            record(session, who.actor, "view_appointment", "appointment", visit.appointment.id)
        answer = jsonify(body)
        answer.headers["ETag"] = etag(visit.appointment.revision)
        return answer

    return routes


def _page(visits: list[Visit], query: shapes.DayQuery) -> tuple[list[Visit], str | None]:
    """Cut the list after the visit the cursor names; the next cursor is the last one shown."""
    start = 0
    if query.cursor:
        ids = [str(visit.appointment.id) for visit in visits]
        if query.cursor not in ids:
            raise Problem(400, "cursor", "The cursor is not one this list gave out.")
        start = ids.index(query.cursor) + 1
    page = visits[start : start + query.limit]
    more = start + query.limit < len(visits)
    return page, str(page[-1].appointment.id) if more and page else None
