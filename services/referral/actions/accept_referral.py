"""Accept the proposed route."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.assign_owner import take_in_hand
from services.referral.actions.make_ready import make_ready
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.record_review import record_review
from services.referral.actions.settle_warnings import settle_warnings
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import may_do


def accept_referral(
    session: Session, actor: Actor, referral: Referral, *, note: str = "", settled: Sequence[str] = ()
) -> None:
    """Confirm route and priority as proposed. Without an open red flag the referral is then ready to book.

    `settled`: warning signs left open that the reviewer has settled; the others keep the patient from choosing a time
    alone. Raises what `settle_warnings` raises, 409 `illegal_move`, or
    409 `choose_route` when the proposal is only "let staff choose".
    """
    if not may_do("accept", referral.state, "accepted"):
        raise illegal_move(referral)
    if referral.route == "staff_triage":
        raise conflict(
            "choose_route",
            "The protocol found no route for this patient, so there is none to accept. Redirect it to one.",
        )
    if settled:
        settle_warnings(session, actor, referral, settled)
    record_review(session, actor, referral, "accept")
    take_in_hand(actor, referral)
    move_referral(
        session,
        actor,
        referral,
        "accepted",
        deed="accept",
        note=note,
        details={
            "route": referral.route,
            "priority": referral.priority,
            **({"settled": sorted(set(settled))} if settled else {}),
        },
    )
    make_ready(session, actor, referral)
