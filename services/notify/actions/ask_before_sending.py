"""Messages that may have gone out before this database was restored: their carrier is asked, before any is sent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array
from kernel.ids import new_id
from services.notify.actions.record_moves import Move, record_moves

DOUBT = """
UPDATE planned_message SET state = 'unknown', reason = 'restored', unknown_at = :now, lease_until = NULL,
    leased_by = '' WHERE id = ANY(CAST(:ids AS uuid[]))
"""
# The look-up asks for what the carrier has had since then.
SINCE = """
UPDATE send_attempt AS a SET started_at = m.ask_since FROM planned_message m
WHERE a.id = ANY(CAST(:attempts AS uuid[])) AND m.id = a.message_id
"""
LOOKUPS = """
INSERT INTO send_lookup (id, message_id, send_attempt_id, doubtful, due_at)
SELECT v.id, v.message, v.attempt, false, :due
FROM unnest(CAST(:ids AS uuid[]), CAST(:messages AS uuid[]), CAST(:attempts AS uuid[])) AS v (id, message, attempt)
"""
ASKED = "UPDATE planned_message SET ask_since = NULL WHERE id = ANY(CAST(:ids AS uuid[]))"


def ask_before_sending(session: Session, sends: Sequence[tuple[UUID, UUID]], at: datetime) -> None:
    """Turn `sends` (message, attempt), just begun and not handed over, into doubts that are looked up now.

    Found: sent, and not again. Denied: due once more. Where there is no list to ask, as with e-mail, staff decide.
    """
    if not sends:
        return
    messages, attempts = [send[0] for send in sends], [send[1] for send in sends]
    session.execute(text(SINCE), {"attempts": ids_array(attempts)})
    session.execute(text(DOUBT), {"ids": ids_array(messages), "now": at})
    session.execute(text(ASKED), {"ids": ids_array(messages)})
    lookups = {
        "ids": ids_array(new_id() for _ in sends),
        "messages": ids_array(messages),
        "attempts": ids_array(attempts),
        "due": at,
    }
    session.execute(text(LOOKUPS), lookups)
    record_moves(
        session, [Move(message, "sending", "unknown", "restored", attempt) for message, attempt in sends], at
    )
