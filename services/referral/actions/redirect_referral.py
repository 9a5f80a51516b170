"""Send a referral on another route, or at another priority, than the protocol proposed."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import FieldProblem, invalid
from services.referral.actions.assign_owner import take_in_hand
from services.referral.actions.make_ready import make_ready
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.propose_route import set_priority
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.record_review import record_review
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import may_do


def redirect_referral(
    session: Session,
    actor: Actor,
    referral: Referral,
    *,
    route: str,
    priority: str | None,
    reason_code: str,
    note: str = "",
) -> None:
    """Override route or priority, with a coded reason; the proposal stays readable beside it.

    To `staff_triage` the referral stays in (or returns to) triage; to any other route it is thereby accepted.
    Raises 422 for a route the protocol does not have or when nothing would change, 409 `illegal_move`.
    """
    published = publish_shipped_protocol(session)
    wanted = priority or referral.priority
    if route not in published.protocol.routing.order:
        raise invalid([FieldProblem("route", "unknown_route")])
    to_state = "needs_triage" if route == "staff_triage" else "accepted"
    if not may_do("redirect", referral.state, to_state):
        raise illegal_move(referral)
    if (route, wanted) == (referral.route, referral.priority):
        raise invalid([FieldProblem("route", "same_as_now")])
    record_review(session, actor, referral, "redirect", reason_code, to_route=route, to_priority=wanted)
    details = {
        "from_route": referral.route,
        "route": route,
        "from_priority": referral.priority,
        "priority": wanted,
    }
    referral.route = route
    if wanted != referral.priority:
        set_priority(session, referral, published, wanted)
    take_in_hand(actor, referral)
    move_referral(
        session,
        actor,
        referral,
        to_state,
        deed="redirect",
        reason_code=reason_code,
        note=note,
        details=details,
    )
    make_ready(session, actor, referral)
