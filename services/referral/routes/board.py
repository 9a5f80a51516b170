"""The waiting room of a site: booked patients who have arrived and walk-ins, in the order they are called."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.receive_walk_in import end_walk_in, receive_unknown_walk_in, receive_walk_in
from services.referral.model.referral import Referral
from services.referral.model.waitlist import WalkIn
from services.referral.queries.appointments import visits_between
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import today_at
from services.referral.routes.cases import visible_referral
from services.referral.routes.holds import id_or_404
from services.referral.routes.outside import read_patient
from services.referral.routes.outside_shapes import UnknownWalkInIn
from services.referral.routes.referral_view import moment, patient_json, text_id
from services.referral.routes.visit_access import OUTCOME_ROLES, zone_of
from services.referral.rules.board_order import Here, board_order, turn_of
from services.referral.rules.calendar_time import DAY, day_starts_at
from services.referral.rules.visibility import LIST_ROLES, sees_site


def board_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the waiting room."""
    routes = APIBlueprint("board", __name__)

    @routes.get("/board")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.input(shapes.BoardQuery, location="query", arg_name="query")
    @routes.output(shapes.SitesOut)
    @routes.doc(security="bearer")
    def board(query: shapes.BoardQuery) -> Any:
        """Everybody waiting at the site today, in the order they are called, with minutes waited and whose turn."""
        actor = principal().actor
        with parts.database.transaction() as session:
            if not sees_site(actor.sites, query.site):
                raise invalid([FieldProblem("query.site", "unknown")])
            items = _board(session, query.site)
        return jsonify(items=items, next_cursor=None)

    @routes.post("/referrals/<referral_id>/walk-ins")
    @allow(roles=OUTCOME_ROLES, scopes={"referral:write"})
    @routes.input(shapes.WalkInIn, arg_name="body")
    @routes.output(shapes.WalkInOut, status_code=201)
    @routes.doc(security="bearer")
    def receive(referral_id: str, body: shapes.WalkInIn) -> Any:
        """Receive a patient who came without an appointment."""
        who = principal()

        def deed(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor)
            walk_in = receive_walk_in(session, who.actor, referral.id, body.site_id)
            return Reply(_walk_in_json(walk_in), 201)

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/walk-ins")
    @allow(roles=OUTCOME_ROLES, scopes={"referral:write"})
    @routes.input(UnknownWalkInIn, arg_name="body")
    @routes.output(shapes.WalkInOut, status_code=201)
    @routes.doc(security="bearer")
    def receive_unknown(body: UnknownWalkInIn) -> Any:
        """Receive somebody without a referral: their live one is used, else a new one waits in triage."""
        who = principal()

        def deed(session: Session) -> Reply:
            if not sees_site(who.actor.sites, body.site_id):
                raise invalid([FieldProblem("json.site_id", "unknown")])
            patient = read_patient(session, body.patient)
            walk_in, _ = receive_unknown_walk_in(session, who.actor, patient, body.site_id)
            return Reply(_walk_in_json(walk_in), 201)

        return once(parts.database, who.client, deed).as_flask()

    def end(walk_in_id: str, how: str) -> Any:
        who = principal()

        def deed(session: Session) -> Reply:
            walk_in = session.get(WalkIn, id_or_404(walk_in_id, "walk-in"), with_for_update=True)
            if walk_in is None or not sees_site(who.actor.sites, walk_in.site_id):
                raise not_found("walk-in")
            require_match(walk_in.version, **_walk_in_json(walk_in))
            end_walk_in(session, who.actor, walk_in.id, how)
            return Reply(_walk_in_json(walk_in), 200, {"ETag": etag(walk_in.version)})

        return once(parts.database, who.client, deed).as_flask()

    # Two addresses rather than one with a choice in it: a path's choice is 404 where a wrong method must be 405.
    @routes.post("/walk-ins/<walk_in_id>/seen")
    @allow(roles=OUTCOME_ROLES, scopes={"referral:write"})
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.WalkInOut)
    @routes.doc(security="bearer")
    def seen(walk_in_id: str, body: shapes.EmptyIn) -> Any:
        """Note that a walk-in was seen."""
        return end(walk_in_id, "seen")

    @routes.post("/walk-ins/<walk_in_id>/left")
    @allow(roles=OUTCOME_ROLES, scopes={"referral:write"})
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.WalkInOut)
    @routes.doc(security="bearer")
    def left(walk_in_id: str, body: shapes.EmptyIn) -> Any:
        """Note that a walk-in has left."""
        return end(walk_in_id, "left")

    return routes


def _board(session: Session, site_id: str) -> list[dict[str, Any]]:
    at, zone = now(session), zone_of(session, site_id)
    today = today_at(zone, at)
    day = day_starts_at(today, zone), day_starts_at(today + DAY, zone)
    rows: dict[str, dict[str, Any]] = {}
    waiting = []
    for visit in visits_between(session, *day, (site_id,)):
        appointment = visit.appointment
        if appointment.state != "arrived" or appointment.arrived_at is None:
            continue
        here = Here(
            str(appointment.id), appointment.arrived_at, appointment.starts_at, _urgent(visit.referral)
        )
        waiting.append(here)
        patient = None if visit.referral is None else visit.referral.patient
        rows[here.id] = {
            "kind": "visit",
            "referral_id": text_id(appointment.referral_id),
            "provider": visit.provider.name,
            "starts_at": moment(appointment.starts_at),
            "patient": None if patient is None else patient_json(patient.reveal(), today),
        }
    came = select(WalkIn).where(
        WalkIn.site_id == site_id, WalkIn.arrived_at >= day[0], WalkIn.state == "waiting"
    )
    for walk_in in session.scalars(came):
        referral = None if walk_in.referral_id is None else session.get(Referral, walk_in.referral_id)
        here = Here(str(walk_in.id), walk_in.arrived_at, None, _urgent(referral))
        waiting.append(here)
        assert walk_in.patient is not None
        rows[here.id] = {
            "kind": "walk_in",
            "version": walk_in.version,
            "referral_id": text_id(walk_in.referral_id),
            "provider": None,
            "starts_at": None,
            "patient": patient_json(walk_in.patient.reveal(), today),
        }
    return [
        rows[here.id]
        | {
            "id": here.id,
            "arrived_at": moment(here.arrived_at),
            "turn_at": moment(turn_of(here)),
            "waited_minutes": max(0, int((at - here.arrived_at).total_seconds()) // 60),
            "urgent": here.urgent,
        }
        for here in board_order(waiting)
    ]


def _urgent(referral: Referral | None) -> bool:
    return referral is not None and (referral.flagged or referral.priority in ("P0", "P1"))


def _walk_in_json(walk_in: WalkIn) -> dict[str, Any]:
    return {
        "id": str(walk_in.id),
        "version": walk_in.version,
        "site": walk_in.site_id,
        "referral_id": text_id(walk_in.referral_id),
        "arrived_at": moment(walk_in.arrived_at),
        "state": walk_in.state,
    }
