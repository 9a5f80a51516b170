"""Clear the red flags that hold a referral, by a clinician and with a reason."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.make_ready import make_ready
from services.referral.model.decision import ReferralHold
from services.referral.model.referral import Referral


def clear_hold(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str, flag_id: str = ""
) -> None:
    """Clear one flag's hold, or all of them when `flag_id` is ""; an accepted referral is then ready to book.

    Raises 409 `no_hold` when there is none open.
    """
    query = select(ReferralHold).where(
        ReferralHold.referral_id == referral.id, ReferralHold.cleared_at.is_(None)
    )
    standing = list(session.scalars(query.order_by(ReferralHold.id).with_for_update()))
    chosen = [hold for hold in standing if flag_id in ("", hold.flag_id)]
    if not chosen:
        raise conflict("no_hold", "No red flag is open here, so there is nothing to clear.")
    for hold in chosen:
        hold.cleared_at = now(session)
        hold.cleared_by = actor.id
        hold.reason_code = reason_code
        hold.note = note or None
    referral.flagged = len(chosen) < len(standing)
    referral.version += 1
    record(
        session,
        actor,
        "clear_hold",
        "referral",
        referral.id,
        reason=reason_code,
        details={"flags": [hold.flag_id for hold in chosen], "version": referral.version},
    )
    make_ready(session, actor, referral)
