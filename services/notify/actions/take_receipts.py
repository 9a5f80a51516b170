"""Take many receipts at once: those that only say "sent" or "delivered", which are nearly all, in two statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from kernel.clock import now, started_at
from kernel.ids import new_id
from services.notify.actions.record_moves import Move, record_moves
from services.notify.actions.take_receipt import Report
from services.notify.rules.receipts import MEANINGS, state_after

# Messages before everything else, in the order of their ids: as every transaction here takes its locks.
OURS = """
SELECT now() AS at, m.id, m.state, m.attempt_id, a.id AS send_attempt_id, a.provider_message_id
FROM send_attempt a JOIN planned_message m ON m.id = a.message_id
WHERE a.id = ANY(CAST(:attempts AS uuid[])) ORDER BY m.id FOR UPDATE OF m
"""
WRITE = """
WITH applied AS (
    UPDATE planned_message AS m SET state = v.state, reason = m.exempt,
        delivered_at = CASE WHEN v.state = 'delivered' THEN CAST(:now AS timestamptz) END,
        sent_at = coalesce(m.sent_at, CAST(:now AS timestamptz)), unknown_at = NULL, lease_until = NULL, leased_by = ''
    FROM unnest(CAST(:moved AS uuid[]), CAST(:states AS text[])) AS v (id, state) WHERE m.id = v.id
), known AS (
    UPDATE send_attempt AS a SET provider_message_id = v.sid, outcome = 'accepted',
        settled_at = coalesce(a.settled_at, now())
    FROM unnest(CAST(:named AS uuid[]), CAST(:names AS text[])) AS v (id, sid)
    WHERE a.id = v.id AND a.provider_message_id IS NULL
), answered AS (
    UPDATE send_lookup SET state = 'done' WHERE send_attempt_id = ANY(CAST(:doubted AS uuid[])) AND state <> 'done'
)
INSERT INTO receipt (id, provider_message_id, status, send_attempt_id, code, fate, received_at)
SELECT v.id, v.sid, v.status, v.attempt, v.code, v.fate, CAST(:now AS timestamptz)
FROM unnest(CAST(:ids AS uuid[]), CAST(:sids AS text[]), CAST(:words AS text[]), CAST(:attempts AS uuid[]),
    CAST(:codes AS text[]), CAST(:fates AS text[])) WITH ORDINALITY AS v (id, sid, status, attempt, code, fate, place)
ORDER BY v.sid, v.status, v.place
ON CONFLICT DO NOTHING RETURNING id
"""


def take_receipts(session: Session, reports: Sequence[Report]) -> list[str]:
    """Do what `take_receipt` does with each of `reports`, in their order, and return what became of each.

    Raises ValueError when one is not plain (`is_plain`): those go alone, because they may have to take a recipient's
    lock before their message's.
    """
    if not all(map(is_plain, reports)):
        raise ValueError("not plain")
    batch = _Batch(session, reports)
    fates = [batch.judge(report) for report in reports]
    return batch.write(fates)


def is_plain(report: Report) -> bool:
    """True for a report that names its attempt and says that the message was sent or delivered."""
    return report.attempt_id is not None and MEANINGS.get(report.status) in ("sent", "delivered")


class _Batch:
    def __init__(self, session: Session, reports: Sequence[Report]) -> None:
        self._session = session
        self._reports = reports
        attempts = list({report.attempt_id for report in reports})
        rows = session.execute(text(OURS), {"attempts": ids_array(attempts)}).all()
        if rows:
            started_at(session, rows[0].at)
        self._at: datetime = now(session)
        self._ours: dict[UUID | None, Any] = {row.send_attempt_id: row for row in rows}
        self._states: dict[UUID, str] = {row.id: row.state for row in rows}
        self._sids: dict[UUID, str | None] = {row.send_attempt_id: row.provider_message_id for row in rows}
        self._moves: list[Move] = []
        self._named: dict[UUID, str] = {}

    def judge(self, report: Report) -> str:
        """The report's fate, and what it changes, after those judged before it."""
        ours = self._ours.get(report.attempt_id)
        if ours is None or self._sids[ours.send_attempt_id] not in (None, report.provider_message_id):
            return "quarantined"
        if self._sids[ours.send_attempt_id] is None:
            self._sids[ours.send_attempt_id] = report.provider_message_id
            self._named[ours.send_attempt_id] = report.provider_message_id
        before = self._states[ours.id]
        after = state_after(before, report.status)
        if after is None or ours.attempt_id != ours.send_attempt_id:
            return "stale"
        self._states[ours.id] = after
        self._moves.append(Move(ours.id, before, after, "", ours.send_attempt_id))
        return "applied"

    def write(self, fates: Sequence[str]) -> list[str]:
        """Write everything; a report that had been stored before is "repeated"."""
        moved = sorted({move.message_id for move in self._moves})
        ids = [new_id() for _ in fates]
        ours = [self._ours.get(report.attempt_id) for report in self._reports]
        new = set(
            self._session.scalars(
                text(WRITE),
                {
                    "now": self._at,
                    "moved": ids_array(moved),
                    "states": texts_array([self._states[message] for message in moved]),
                    "named": ids_array(self._named),
                    "names": texts_array(self._named.values()),
                    "doubted": ids_array(
                        [move.attempt_id for move in self._moves if move.from_state in ("unknown", "due")]
                    ),
                    "ids": ids_array(ids),
                    "sids": texts_array([report.provider_message_id for report in self._reports]),
                    "words": texts_array([report.status for report in self._reports]),
                    "attempts": ids_array(
                        [
                            report.attempt_id if row is not None and fate != "quarantined" else None
                            for report, row, fate in zip(self._reports, ours, fates, strict=True)
                        ]
                    ),
                    "codes": texts_array([report.code for report in self._reports]),
                    "fates": texts_array(fates),
                },
            )
        )
        record_moves(self._session, self._moves, self._at)
        return [fate if row in new else "repeated" for fate, row in zip(fates, ids, strict=True)]
