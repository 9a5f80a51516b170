"""A provider reports on a message: signed, maybe twice, maybe before we know it was accepted, maybe in any order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.notify.actions.mark_dead import mark_dead
from services.notify.actions.plan_next_channel import plan_next_channel
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import Receipt
from services.notify.rules.receipts import DEAD_NUMBER_CODES, MEANINGS, state_after

ATTEMPT = """
SELECT a.id, a.message_id, a.provider_message_id, m.contact_point_id
FROM send_attempt a JOIN planned_message m ON m.id = a.message_id WHERE {by}
"""
LOCK_RECIPIENT = "SELECT 1 FROM contact_point WHERE id = :id FOR NO KEY UPDATE"
LOCK_MESSAGE = """
SELECT id, state, attempt_id, patient_id, appointment_id, contact_point_id FROM planned_message WHERE id = :id
FOR UPDATE
"""
APPLY = """
UPDATE planned_message SET state = CAST(:state AS text),
    reason = CASE WHEN :state = 'failed' THEN :reason ELSE exempt END,
    delivered_at = CASE WHEN :state = 'delivered' THEN CAST(:now AS timestamptz) END,
    sent_at = coalesce(sent_at, :now), unknown_at = NULL, lease_until = NULL, leased_by = ''
WHERE id = :id
"""
KNOWN_BY = """
UPDATE send_attempt SET provider_message_id = :sid, outcome = 'accepted', settled_at = coalesce(settled_at, now())
WHERE id = :id AND provider_message_id IS NULL
"""
DONE = "UPDATE send_lookup SET state = 'done' WHERE send_attempt_id = :id AND state <> 'done'"


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider said about one message. `attempt_id` stands in the address it called, if it is ours."""

    provider_message_id: str
    status: str
    code: str
    attempt_id: UUID | None


def take_receipt(session: Session, report: Report) -> str:
    """Store the report and move its message forward if it says something new; return what became of it.

    applied, repeated, stale (the message is further already), unmapped (a status we do not know), or quarantined
    (about no message of ours, or about another one than its address says).
    """
    at = now(session)
    attempt = _find_attempt(session, report)
    receipt_id = _store(session, report, attempt, at)
    if receipt_id is None:
        return "repeated"
    fate = _apply(session, report, attempt, at)
    session.execute(text("UPDATE receipt SET fate = :fate WHERE id = :id"), {"fate": fate, "id": receipt_id})
    return fate


def _find_attempt(session: Session, report: Report) -> Any:
    if report.attempt_id is not None:
        found = session.execute(text(ATTEMPT.format(by="a.id = :id")), {"id": report.attempt_id}).first()
    else:
        by_sid = text(ATTEMPT.format(by="a.provider_message_id = :sid"))
        found = session.execute(by_sid, {"sid": report.provider_message_id}).first()
    if found is None or found.provider_message_id not in (None, report.provider_message_id):
        return None
    return found


def _store(session: Session, report: Report, attempt: Any, at: datetime) -> UUID | None:
    row = {
        "id": new_id(),
        "provider_message_id": report.provider_message_id,
        "status": report.status,
        "send_attempt_id": attempt.id if attempt else None,
        "code": report.code,
        "fate": "quarantined",
        "received_at": at,
    }
    new = insert(Receipt).values(**row).on_conflict_do_nothing().returning(Receipt.id)
    return session.execute(new).scalar()


def _apply(session: Session, report: Report, attempt: Any, at: datetime) -> str:
    if attempt is None:
        return "quarantined"
    if report.status not in MEANINGS:
        return "unmapped"
    dead = MEANINGS[report.status] == "failed" and report.code in DEAD_NUMBER_CODES
    if dead and attempt.contact_point_id is not None:
        # Recipients before messages: the order every transaction here takes its locks in.
        session.execute(text(LOCK_RECIPIENT), {"id": attempt.contact_point_id})
    message = session.execute(text(LOCK_MESSAGE), {"id": attempt.message_id}).one()
    session.execute(text(KNOWN_BY), {"sid": report.provider_message_id, "id": attempt.id})
    state = state_after(message.state, report.status)
    if state is None or message.attempt_id != attempt.id:
        return "stale"
    session.execute(text(DONE), {"id": attempt.id})
    reason = f"provider_{report.code}" if report.code else "provider_gave_up"
    values = {"state": state, "reason": reason, "now": at, "id": message.id}
    session.execute(text(APPLY), values)
    why = reason if state == "failed" else ""
    record_moves(session, [Move(message.id, message.state, state, why, attempt.id)], at)
    if dead and message.contact_point_id is not None:
        mark_dead(session, message.contact_point_id, report.code, message.patient_id, message.appointment_id)
    if state == "failed":
        plan_next_channel(session, message.id)
    return "applied"
