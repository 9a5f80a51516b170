"""Count tries in the database: link tokens refused, wrong birth dates, codes asked for."""

from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.keyring import keyring

Span = Literal["minute", "hour", "day"]
COUNT = """
INSERT INTO try_count (kind, key_index, since, tries)
VALUES (:kind, :key, date_trunc(:span, CAST(:now AS timestamptz)), 1)
ON CONFLICT (kind, key_index, since) DO UPDATE SET tries = try_count.tries + 1 RETURNING tries
"""


def count_try(session: Session, kind: str, key: str, span: Span) -> int:
    """Count one try of `kind` by `key` (an address, an id; only its blind index is stored).

    Returns how many there are in this minute, hour or day, this one included. One statement, so tries at the same
    moment are all counted.
    """
    values = {"kind": kind, "key": keyring().blind_index("try", key), "span": span, "now": now(session)}
    return int(session.execute(text(COUNT), values).scalar_one())
