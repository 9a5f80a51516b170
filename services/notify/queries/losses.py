"""How often the process that was sending a message ended with it in hand."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array

# FAULT-10: retried at most so often; then a person is told.
MOST_LOSSES = 3
LOSSES = """
SELECT message_id, count(*) AS n FROM message_move
WHERE message_id = ANY(CAST(:ids AS uuid[])) AND reason = 'worker_lost' GROUP BY message_id
"""


def losses_of(session: Session, message_ids: Sequence[UUID]) -> Counter[UUID]:
    """Times each of `message_ids` was lost with its sender, as far as that is written down."""
    rows = session.execute(text(LOSSES), {"ids": ids_array(message_ids)})
    return Counter({row.message_id: row.n for row in rows})
