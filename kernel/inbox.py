"""Hearing events: the inbox row and everything the reaction does commit together, or not at all."""

from collections.abc import Callable, Mapping

from pydantic import ValidationError
from sqlalchemy.orm import Session

from kernel.clock import started_at
from kernel.database import Database
from kernel.events import Envelope, Event
from kernel.failpoints import failpoint
from kernel.rows import cursor

# `received_at` is PostgreSQL's now(), which the reaction then need not ask for.
HEAR = """
INSERT INTO inbox_event (id, type, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING received_at
"""
Reaction = Callable[[Session, Event], None]


class EventRefused(Exception):
    """This service cannot take the event: its data is not the contract's."""


class EventUnknown(Exception):
    """This service does not know the type yet: a newer sender runs beside it, or it was not released with it."""


def event_of(envelope: Envelope) -> Event:
    """Return what a reaction is given of `envelope`."""
    return Event(envelope.id, envelope.source, envelope.type, envelope.subject, envelope.time, envelope.data)


def hear(database: Database, reactions: Mapping[str, Reaction], envelope: Envelope) -> bool:
    """Run the reaction to `envelope` once ever. Return False when it was heard before.

    Raises `EventUnknown` when there is no reaction to its type and `EventRefused` when its data does not fit.
    """
    reaction = reactions.get(envelope.type)
    if reaction is None:
        raise EventUnknown(f"no reaction to {envelope.type}")
    event = event_of(envelope)
    with database.transaction() as session:
        heard = cursor(session).execute(HEAR, [envelope.id, envelope.type, envelope.source]).fetchone()
        if heard is None:
            return False
        started_at(session, heard.received_at)
        try:
            reaction(session, event)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
            raise EventRefused(f"{envelope.type}: {', '.join(fields)}") from None
        failpoint("before_reaction_commit")
    return True
