"""Which events two services do not agree on. None is ever deleted: one heard and not there was lost by its sender."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array

MOST_COMPARED = 100
# The newest of the table first: its key is in the order of time. A service that has been silent for 10,000 events of
# the others has nothing new to be compared.
HEARD_LATELY = """
SELECT id FROM (SELECT id, source, received_at FROM inbox_event ORDER BY id DESC LIMIT 10000) AS newest
WHERE source = :source ORDER BY received_at DESC, id DESC LIMIT :most
"""
NOT_HERE = """
SELECT asked.id FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
WHERE NOT EXISTS (SELECT 1 FROM outbox_event WHERE outbox_event.id = asked.id) ORDER BY asked.id
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """`never_sent`: events the asker heard from us that we do not have. `heard`: what we heard from the asker last."""

    never_sent: list[UUID]
    heard: list[UUID]


def compare_events(session: Session, asker: str, heard_by_asker: Iterable[UUID]) -> Compared:
    """Compare our outbox with what `asker` heard of it, and tell what we heard of theirs.

    An event is brought to a listener only after its transaction and, later, that of its claim were flushed to disk. So
    one that was heard was there: where it is missing now, an older copy of the database has taken its place.
    """
    return Compared(not_sent_from_here(session, heard_by_asker), heard_lately(session, asker))


def heard_lately(session: Session, source: str) -> list[UUID]:
    """The events last heard from `source`, newest first, at most `MOST_COMPARED`."""
    values = {"source": source, "most": MOST_COMPARED}
    return list(session.scalars(text(HEARD_LATELY), values))


def not_sent_from_here(session: Session, events: Iterable[UUID]) -> list[UUID]:
    """Those of `events` that are not in our outbox."""
    return list(session.scalars(text(NOT_HERE), {"ids": ids_array(events)}))
