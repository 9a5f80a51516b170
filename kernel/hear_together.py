"""Hear several events that came in one request: all of them in one transaction, or else each in its own."""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from kernel.clock import started_at
from kernel.context import request_scope
from kernel.database import Database
from kernel.events import Envelope
from kernel.failpoints import failpoint
from kernel.inbox import EventUnknown, Reaction, event_of, hear
from kernel.logs import log
from kernel.rows import cursor
from kernel.timings import HEARING_SECONDS

# As `inbox.HEAR`, for several. In the order of their ids, so that two that hear the same ones wait for no circle.
# Several reactions lock rows in the order of their events, not in the one each of them keeps to: this transaction gives
# way (and they are heard one by one) well before PostgreSQL looks for circles, and would end whoever waited first: a
# send behind its fence, or a patient's STOP.
HEAR_ALL = """
WITH yields AS (SELECT set_config('lock_timeout', '200ms', true))
INSERT INTO inbox_event (id, type, source)
SELECT came.* FROM yields,
    unnest(CAST($1 AS uuid[]), CAST($2 AS text[]), CAST($3 AS text[])) AS came (id, type, source) ORDER BY came.id
ON CONFLICT DO NOTHING RETURNING id, received_at
"""


class NotReached(Exception):
    """Those before it took too long: nothing was done with this event, and it is to come again."""


def hear_together(
    database: Database, reactions: Mapping[str, Reaction], envelopes: Sequence[Envelope]
) -> list[Exception | None]:
    """Hear each of `envelopes` once ever; return for each None, or why it was not heard (as `hear` raises it).

    One that fails undoes nothing of the others: they are all rolled back with it, and then heard one by one.
    """
    outcomes: list[Exception | None] = [
        None if one.type in reactions else EventUnknown(f"no reaction to {one.type}") for one in envelopes
    ]
    known = [place for place, outcome in enumerate(outcomes) if outcome is None]
    began = time.monotonic()
    try:
        with database.transaction() as session:
            _hear_all(session, reactions, [envelopes[place] for place in known])
    except Exception as error:  # whose it is is found by hearing them one by one
        log().info("events_heard_one_by_one", events=len(known), error=type(error).__name__)
        for place in known:
            outcomes[place] = _heard_alone(database, reactions, envelopes[place], began)
    return outcomes


def _hear_all(session: Session, reactions: Mapping[str, Reaction], envelopes: Sequence[Envelope]) -> None:
    if not envelopes:
        return
    came = [ids_array(one.id for one in envelopes), texts_array(one.type for one in envelopes)]
    rows = cursor(session).execute(HEAR_ALL, [*came, texts_array(one.source for one in envelopes)]).fetchall()
    fresh: set[UUID] = {row.id for row in rows}
    for envelope in envelopes:
        if envelope.id in fresh:
            fresh.remove(envelope.id)
            started_at(session, rows[0].received_at)
            with request_scope(envelope.requestid):
                reactions[envelope.type](session, event_of(envelope))
            # The next one's reaction reads rows as they are, not as this one held them.
            session.flush()
            session.expunge_all()
    failpoint("before_reaction_commit")


def _heard_alone(
    database: Database, reactions: Mapping[str, Reaction], envelope: Envelope, began: float
) -> Exception | None:
    if time.monotonic() - began > HEARING_SECONDS:
        return NotReached()
    try:
        with request_scope(envelope.requestid):
            hear(database, reactions, envelope)
    except Exception as error:  # the others' outcomes do not depend on it
        return error
    return None
