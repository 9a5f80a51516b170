"""Business time: the database's clock plus a fixed offset, so every process agrees on what time it is."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import text
from sqlalchemy.orm import Session

CLOCK_OFFSET = "clock_offset"
_NOW = "clock_now"


def now(session: Session) -> datetime:
    """Return business time (aware, UTC offset of the server) at the start of this transaction.

    It is PostgreSQL's `now()`, so it does not move within a transaction, plus `CLOCK_OFFSET_SECONDS`
    (zero, and refused otherwise, in production). A worker whose own clock is wrong decides nothing by it.
    """
    cached = session.info.get(_NOW)
    if cached is None:
        started_at(session, session.execute(text("SELECT now()")).scalar_one())
        cached = session.info[_NOW]
    return cast(datetime, cached)


def started_at(session: Session, database_now: datetime) -> None:
    """Take over PostgreSQL's `now()` from a statement of this transaction, so that it need not be asked again."""
    session.info[_NOW] = database_now + clock_offset(session)


def clock_offset(session: Session) -> timedelta:
    """Return what business time is ahead of PostgreSQL's `now()`, for statements that compare with it."""
    return cast(timedelta, session.info.get(CLOCK_OFFSET, timedelta()))
