"""Write down what became of deliveries, each under the attempt that held it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from kernel.arrays import ids_array, numbers_array, texts_array
from kernel.backoff import backoff
from kernel.clock import clock_offset
from kernel.rows import cursor
from kernel.tell_dead_event import tell_dead_event
from kernel.work import Claim

MOST_REFUSALS = 5
# A refusal is an answer about the event; these are about the moment.
NO_REFUSALS = (401, 408, 409, 425, 429)
SETTLE = """
UPDATE event_delivery AS delivery SET state = told.state, rung_at = NULL, lease_until = NULL, leased_by = '',
    due_at = now() + $1 + make_interval(secs => told.delay), refusals = told.refusals, last_error = told.error,
    done_at = CASE WHEN told.state = 'done' THEN now() END
FROM unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS text[]), CAST($5 AS float8[]), CAST($6 AS int[]),
    CAST($7 AS text[])) AS told (id, attempt_id, state, delay, refusals, error)
WHERE delivery.id = told.id AND delivery.attempt_id = told.attempt_id AND delivery.state = 'leased'
RETURNING delivery.id
"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one try: the listener's status for it, or `why` there was none (then `status` is 503).

    `event` is its row of `deliver.OWED`.
    """

    claimed: Claim
    event: Any
    status: int
    why: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refusals(self) -> int:
        refused = 400 <= self.status < 500 and self.status not in NO_REFUSALS
        return int(self.event.refusals) + refused

    @property
    def state(self) -> str:
        if self.ok:
            return "done"
        return "dead" if self.refusals >= MOST_REFUSALS else "due"

    @property
    def error(self) -> str:
        return "" if self.ok else self.why or f"status {self.status}"


def settle_deliveries(session: Session, tries: Sequence[Delivered]) -> None:
    """Settle these tries by one statement; what another holds by now is left alone.

    A listener that is down, or does not know the type yet, is tried for ever. One that refuses the event five times
    leaves it to a person.
    """
    delays = [timedelta() if one.ok else backoff(one.claimed.attempts) for one in tries]
    values = [
        clock_offset(session),
        ids_array(one.claimed.id for one in tries),
        ids_array(one.claimed.attempt_id for one in tries),
        texts_array(one.state for one in tries),
        [delay.total_seconds() for delay in delays],
        numbers_array(one.refusals for one in tries),
        texts_array(one.error for one in tries),
    ]
    written = {row.id for row in cursor(session).execute(SETTLE, values)}
    for one in tries:
        if one.state == "dead" and one.claimed.id in written:
            tell_dead_event(session, one.event.type)
