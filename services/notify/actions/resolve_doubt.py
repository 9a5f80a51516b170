"""What a provider's list says about an unknown send: it has it, it denies it, or it cannot say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.backoff import backoff
from kernel.clock import now
from kernel.work import Claim
from services.notify.actions.move_messages import Move, record_moves
from services.notify.sending.provider import Found

SECOND_LOOK = timedelta(seconds=30)
TAKEN = "SELECT provider_message_id FROM send_attempt WHERE provider_message_id = ANY(:sids)"
AGAIN = """
UPDATE send_lookup SET state = 'due', rung_at = NULL, lease_until = NULL, leased_by = '', due_at = :due,
    denials = denials + :denied
WHERE id = :id AND attempt_id = :attempt AND state = 'leased'
RETURNING id
"""
DENY = """
UPDATE send_lookup SET state = 'done', denials = denials + 1, lease_until = NULL
WHERE id = :id AND attempt_id = :attempt AND state = 'leased' AND (NOT doubtful OR denials > 0)
RETURNING message_id, send_attempt_id
"""
DENIED = """
UPDATE planned_message SET state = 'due', reason = 'provider_denied', due_at = :now, rung_at = NULL,
    unknown_at = NULL, sent_at = NULL
WHERE id = :id AND attempt_id = :attempt AND state = 'unknown' RETURNING id
"""
ATTEMPT_DENIED = "UPDATE send_attempt SET outcome = 'denied', settled_at = now() WHERE id = :attempt"
LOCK_MESSAGE = """
SELECT m.id FROM planned_message m JOIN send_lookup l ON l.message_id = m.id WHERE l.id = :id FOR UPDATE OF m
"""


def find_ours(session: Session, found: Sequence[Found], body_sha256: bytes, since: datetime) -> Found | None:
    """The provider's message with our words that no other attempt of ours is known to be."""
    same = [
        item for item in found if item.body_sha256 == body_sha256 and (item.at is None or item.at >= since)
    ]
    # Two patients on one number may be written the same words: one look-up at a time may claim a message.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('claim_provider_message'))"))
    sids = [item.provider_message_id for item in same]
    taken = set(session.scalars(text(TAKEN), {"sids": sids})) if sids else set()
    return next((item for item in reversed(same) if item.provider_message_id not in taken), None)


def look_again_later(session: Session, claimed: Claim, denied: bool = False) -> None:
    """Put the look-up back for later, unless its send has been settled meanwhile."""
    wait = SECOND_LOOK if denied else backoff(claimed.attempts, first_seconds=2.0, most_seconds=60.0)
    values = {
        "id": claimed.id,
        "attempt": claimed.attempt_id,
        "due": now(session) + wait,
        "denied": int(denied),
    }
    session.execute(text(AGAIN), values)


def deny_send(session: Session, claimed: Claim, at: datetime) -> None:
    """The provider says it has no such message: sending again is safe, after a second denial when in doubt."""
    # Messages before look-ups: a receipt takes them in this order too.
    session.execute(text(LOCK_MESSAGE), {"id": claimed.id})
    denied = session.execute(text(DENY), {"id": claimed.id, "attempt": claimed.attempt_id}).first()
    if denied is None:
        look_again_later(session, claimed, denied=True)
        return
    values = {"id": denied.message_id, "attempt": denied.send_attempt_id, "now": at}
    if session.execute(text(DENIED), values).scalar() is not None:
        session.execute(text(ATTEMPT_DENIED), {"attempt": denied.send_attempt_id})
        moves = [Move(denied.message_id, "unknown", "due", "provider_denied", denied.send_attempt_id)]
        record_moves(session, moves, at)
