"""A look-up that settled nothing is made again later."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.backoff import backoff
from kernel.clock import now
from kernel.work import Claim

SECOND_LOOK = timedelta(seconds=30)
AGAIN = """
UPDATE send_lookup SET state = 'due', rung_at = NULL, lease_until = NULL, leased_by = '', due_at = :due,
    denials = denials + :denied, losses = 0
WHERE id = :id AND attempt_id = :attempt AND state = 'leased'
RETURNING id
"""


def look_again_later(
    session: Session, claimed: Claim, wait: timedelta | None = None, *, denied: bool = False
) -> None:
    """Put the look-up back, unless its send has been settled meanwhile; without `wait` a little later each time."""
    if wait is None:
        wait = SECOND_LOOK if denied else backoff(claimed.attempts, first_seconds=2.0, most_seconds=60.0)
    values = {
        "id": claimed.id,
        "attempt": claimed.attempt_id,
        "due": now(session) + wait,
        "denied": int(denied),
    }
    session.execute(text(AGAIN), values)
