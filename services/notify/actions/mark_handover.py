"""Write down, before anything deliverable leaves, that these letters are being handed over."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kernel.arrays import ids_array
from kernel.rows import cursor
from services.notify.actions.start_sends import Started

MARK = "UPDATE send_attempt SET handed_over_at = now() WHERE id = ANY(CAST($1 AS uuid[])) AND marks_handover"


def mark_handover(session: Session, wave: Sequence[Started]) -> None:
    """Mark the attempts of `wave` in the fence's transaction; only after its durable commit may their texts leave.

    An attempt that promised the mark and has none was never transmitted (docs/decisions/0135).
    """
    if wave:
        cursor(session).execute(MARK, [ids_array([sent.letter.attempt_id for sent in wave])])
