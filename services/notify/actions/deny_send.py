"""A provider says that it never had a message: it may be sent again."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.work import Claim
from services.notify.actions.give_up_send import give_up_send
from services.notify.actions.look_again_later import look_again_later
from services.notify.actions.record_moves import Move, record_moves
from services.notify.queries.losses import MOST_LOSSES, losses_of

DENY = """
UPDATE send_lookup SET state = 'done', denials = denials + 1, lease_until = NULL
WHERE id = :id AND attempt_id = :attempt AND state = 'leased' AND (NOT doubtful OR denials > 0)
RETURNING message_id, send_attempt_id
"""
DENIED = """
UPDATE planned_message SET state = 'due', reason = :reason, due_at = :now, rung_at = NULL,
    unknown_at = NULL, sent_at = NULL, goes_alone = goes_alone OR :reason = 'provider_denied_again'
WHERE id = :id AND attempt_id = :attempt AND state = 'unknown' RETURNING id
"""
ATTEMPT_DENIED = "UPDATE send_attempt SET outcome = 'denied', settled_at = now() WHERE id = :attempt"
LOCK_MESSAGE = """
SELECT m.id FROM planned_message m JOIN send_lookup l ON l.message_id = m.id WHERE l.id = :id FOR UPDATE OF m
"""


def deny_send(session: Session, claimed: Claim, at: datetime) -> None:
    """The provider says it has no such message: sending again is safe, after a second denial when in doubt.

    What ended its sender three times is given up instead (FAULT-10): nobody has it, and a person is told.
    """
    # Messages before look-ups: a receipt takes them in this order too.
    session.execute(text(LOCK_MESSAGE), {"id": claimed.id})
    denied = session.execute(text(DENY), {"id": claimed.id, "attempt": claimed.attempt_id}).first()
    if denied is None:
        look_again_later(session, claimed, denied=True)
        return
    losses = losses_of(session, [denied.message_id])[denied.message_id]
    reason = "provider_denied" if losses < MOST_LOSSES - 1 else "provider_denied_again"
    values = {"id": denied.message_id, "attempt": denied.send_attempt_id, "now": at, "reason": reason}
    if session.execute(text(DENIED), values).scalar() is not None:
        session.execute(text(ATTEMPT_DENIED), {"attempt": denied.send_attempt_id})
        moves = [Move(denied.message_id, "unknown", "due", "provider_denied", denied.send_attempt_id)]
        record_moves(session, moves, at)
        if losses >= MOST_LOSSES:
            give_up_send(session, denied.message_id)
