"""What is done to a visit: move, cancel, confirm, check in, outcome. Each under If-Match and Idempotency-Key."""

from collections.abc import Callable
from typing import Any, TypeVar

from apiflask import APIBlueprint
from pydantic import BaseModel
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.context import Actor
from kernel.web.conditional import require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.check_in import check_in, undo_check_in
from services.referral.actions.check_slot import Wish
from services.referral.actions.confirm_appointment import confirm_appointment
from services.referral.actions.correct_outcome import correct_outcome
from services.referral.actions.move_appointment import move_appointment
from services.referral.actions.record_outcome import record_outcome
from services.referral.queries.appointments import Visit
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import now_is
from services.referral.routes.visit_access import (
    BOOKING_ROLES,
    OUTCOME_ROLES,
    refuse_overbook,
    visible_visit,
    visit_reply,
    zone_of,
)
from services.referral.routes.wall_clock import read_time

B = TypeVar("B", bound=BaseModel)
Deed = Callable[[Session, Actor, Visit, B], object]


def visit_deed_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the deeds on a visit; each answers with the visit."""
    routes = APIBlueprint("visit_deeds", __name__)

    def add(
        path: str, shape: type[B], deed: Deed[B], roles: frozenset[str], *, services: bool = False
    ) -> None:
        def view(appointment_id: str, body: B) -> Any:
            return change_visit(parts, appointment_id, body, deed)

        view.__name__ = f"{path.replace('-', '_')}_appointment"
        view.__doc__ = f"{path.replace('-', ' ').capitalize()}: answers with the visit as it is then."
        documented = routes.doc(security="bearer")(view)
        described = routes.output(shapes.AppointmentOut)(documented)
        checked = routes.input(shape, arg_name="body")(described)
        guarded = allow(roles=roles, scopes={"referral:write"}, services=services)(checked)
        routes.post(f"/appointments/<appointment_id>/{path}")(guarded)

    add("move", shapes.MoveIn, _move, BOOKING_ROLES, services=True)
    add(
        "cancel",
        shapes.CancelIn,
        lambda s, a, v, b: cancel_appointment(s, a, v.appointment.id, b.reason_code),
        BOOKING_ROLES,
        services=True,
    )
    add(
        "confirm",
        shapes.ConfirmIn,
        lambda s, a, v, b: confirm_appointment(s, a, v.appointment.id, b.channel),
        BOOKING_ROLES,
        services=True,
    )
    add("check-in", shapes.EmptyIn, lambda s, a, v, _: check_in(s, a, v.appointment.id), OUTCOME_ROLES)
    add(
        "undo-check-in",
        shapes.EmptyIn,
        lambda s, a, v, _: undo_check_in(s, a, v.appointment.id),
        OUTCOME_ROLES,
    )
    add(
        "outcome",
        shapes.OutcomeIn,
        lambda s, a, v, b: record_outcome(s, a, v.appointment.id, b.outcome, note=b.note),
        OUTCOME_ROLES,
    )
    add(
        "correct-outcome",
        shapes.OutcomeIn,
        lambda s, a, v, b: correct_outcome(s, a, v.appointment.id, b.outcome, note=b.note),
        OUTCOME_ROLES,
    )
    return routes


def change_visit(parts: Parts, appointment_id: str, body: B, deed: Deed[B]) -> Any:
    """Do a deed on a visit under Idempotency-Key and If-Match, and answer with the visit."""
    who = principal()

    def do_once(session: Session) -> Reply:
        visit = visible_visit(session, appointment_id, who.actor, lock=True)
        require_match(visit.appointment.revision, **now_is(visit))
        deed(session, who.actor, visit, body)
        return visit_reply(session, visit.appointment.id, 200)

    return once(parts.database, who.client, do_once).as_flask()


def _move(session: Session, actor: Actor, visit: Visit, body: shapes.MoveIn) -> None:
    refuse_overbook(body.overbook, actor)
    site_id = body.site_id or visit.site.id
    zone = zone_of(session, site_id, "json.site_id")
    wish = Wish(
        body.visit_type or visit.visit_type.id,
        body.provider_id or visit.provider.id,
        site_id,
        read_time(body.starts_at, zone, "json.starts_at"),
        body.overbook,
    )
    move_appointment(session, actor, visit.appointment.id, wish)
