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
        offset = cast(timedelta, session.info.get(CLOCK_OFFSET, timedelta()))
        cached = session.execute(text("SELECT now()")).scalar_one() + offset
        session.info[_NOW] = cached
    return cast(datetime, cached)
