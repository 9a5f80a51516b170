"""Counts of tries and starts are kept two days, one-time codes thirty."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now

FORGET = (
    "DELETE FROM start_count WHERE hour < CAST(:now AS timestamptz) - interval '2 days'",
    "DELETE FROM try_count WHERE since < CAST(:now AS timestamptz) - interval '2 days'",
    "DELETE FROM reading_code WHERE sent_at < CAST(:now AS timestamptz) - interval '30 days'",
)


def forget_tries(session: Session) -> None:
    """Delete what no limit looks at any more."""
    for statement in FORGET:
        session.execute(text(statement), {"now": now(session)})
