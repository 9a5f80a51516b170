"""Move a referral to another state: the only place a state is written."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.rows import add_row
from kernel.web.problems import Problem, conflict
from services.referral.actions.tell_referrers import senders_to_tell, tell_referrers
from services.referral.model.move import ReferralMove
from services.referral.model.referral import Referral
from services.referral.queries.site_calendar import site_calendar
from services.referral.rules.business_clock import BusinessCalendar, add_business_time, business_time_between
from services.referral.rules.milestones import deed_told
from services.referral.rules.office_hours import reckon_in
from services.referral.rules.referral_states import STATES, allowed_deeds, allowed_states, deed_of, may_do


def move_referral(
    session: Session,
    actor: Actor,
    referral: Referral,
    to_state: str,
    *,
    deed: str = "",
    reason_code: str = "",
    note: str = "",
    details: Mapping[str, Any] | None = None,
    referred: bool = True,
    calendar: BusinessCalendar | None = None,
) -> ReferralMove:
    """Move `referral` (locked by the caller) to `to_state`, append the move, audit it and tell the listeners.

    `deed` names the move when the table has several between the two states; "" takes the first. `details` hold
    codes and ids only. `referred` False, and the site's `calendar`, spare questions to whoever has asked them. Raises
    the 409 `illegal_move` with what is allowed from here; then nothing is written.
    """
    from_state = referral.state
    chosen = deed or deed_of(from_state, to_state)
    if chosen is None or not may_do(chosen, from_state, to_state):
        raise illegal_move(referral)
    moment = now(session)
    # What has to be read is read first: asking writes what is gathered, and it is to be gathered whole.
    told = deed_told(chosen, from_state, to_state)
    senders = senders_to_tell(session, referral.id, told) if referred else []
    turn_clock(session, referral, STATES[to_state].clock, moment, calendar)
    if to_state != from_state:
        referral.state = to_state
        referral.state_since = moment
    referral.version += 1
    referral.closed_at = None if STATES[to_state].is_open else moment
    if from_state == "deferred":
        referral.deferred_until = None
    move = ReferralMove(
        id=new_id(),
        referral_id=referral.id,
        version=referral.version,
        at=moment,
        deed=chosen,
        from_state=from_state,
        to_state=to_state,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_role=actor.role,
        actor_name=actor.name,
        reason_code=reason_code,
        details=dict(details or {}),
    )
    move.note = note or None
    add_row(session, move)
    record(
        session,
        actor,
        f"{chosen}_referral",
        "referral",
        referral.id,
        reason=reason_code,
        details={"from": from_state, "to": to_state, "version": referral.version, **move.details},
    )
    emit(
        session,
        "referral_state_changed",
        referral.id,
        ReferralStateChanged(
            referral_id=referral.id,
            submission_id=referral.submission_id,
            patient_id=referral.patient_id,
            from_state=from_state,
            to_state=to_state,
            version=referral.version,
            route=referral.route,
        ),
    )
    tell_referrers(session, senders, told, move.id)
    return move


def illegal_move(referral: Referral) -> Problem:
    """The 409 for a move the table does not have, with the moves it has from here."""
    return conflict(
        "illegal_move",
        "The referral is in a state that does not allow this. Nothing was changed.",
        state=referral.state,
        allowed=allowed_deeds(referral.state),
        allowed_states=allowed_states(referral.state),
    )


def turn_clock(
    session: Session,
    referral: Referral,
    wanted: str,
    moment: datetime,
    calendar: BusinessCalendar | None = None,
) -> None:
    """Run, pause or stop the referral's priority clock; what is left of a paused clock is kept in business time."""
    if wanted == referral.clock:
        return
    calendar = calendar or site_calendar(session, referral.site)
    if referral.clock == "run":
        left = business_time_between(moment, referral.due_at, calendar)
        referral.clock_left_seconds = int(left.total_seconds())
        referral.breached = False
    elif wanted == "run":
        left = timedelta(seconds=referral.clock_left_seconds or 0)
        referral.due_at = (
            reckon_in(calendar, lambda hours: add_business_time(moment, left, hours)) if left else moment
        )
        referral.clock_left_seconds = None
        referral.breached = referral.due_at < moment
    referral.clock = wanted
