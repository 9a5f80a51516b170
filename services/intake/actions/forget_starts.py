"""Counts of starts are kept two days."""

from sqlalchemy import text
from sqlalchemy.orm import Session

FORGET = "DELETE FROM start_count WHERE hour < now() - interval '2 days'"


def forget_starts(session: Session) -> None:
    """Delete counts of days ago."""
    session.execute(text(FORGET))
