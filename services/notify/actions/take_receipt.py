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

# A message and its attempt, locked: receipts of one message take turns here.
OURS = """
SELECT m.id, m.state, m.attempt_id, m.patient_id, m.appointment_id, m.contact_point_id, a.id AS send_attempt_id,
    a.provider_message_id
FROM send_attempt a JOIN planned_message m ON m.id = a.message_id WHERE {by} FOR UPDATE OF m
"""
BY_ATTEMPT = OURS.format(by="a.id = :attempt")
BY_PROVIDER_ID = OURS.format(by="a.provider_message_id = :sid")
LOCK_RECIPIENT = """
SELECT 1 FROM contact_point c JOIN planned_message m ON m.contact_point_id = c.id
JOIN send_attempt a ON a.message_id = m.id WHERE a.id = :attempt FOR NO KEY UPDATE OF c
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
    ours = _locked(session, report)
    fate = "quarantined" if ours is None else _apply(session, report, ours, at)
    row = {
        "id": new_id(),
        "provider_message_id": report.provider_message_id,
        "status": report.status,
        "send_attempt_id": ours.send_attempt_id if ours is not None else None,
        "code": report.code,
        "fate": fate,
        "received_at": at,
    }
    new = insert(Receipt).values(**row).on_conflict_do_nothing().returning(Receipt.id)
    return fate if session.execute(new).scalar() is not None else "repeated"


def _locked(session: Session, report: Report) -> Any:
    """The message this report is about, locked with its attempt; None when it is about none of ours."""
    if report.attempt_id is None:
        return session.execute(text(BY_PROVIDER_ID), {"sid": report.provider_message_id}).first()
    attempt = {"attempt": report.attempt_id}
    if _is_dead(report):
        # Recipients before messages: the order every transaction here takes its locks in.
        session.execute(text(LOCK_RECIPIENT), attempt)
    found = session.execute(text(BY_ATTEMPT), attempt).first()
    if found is None or found.provider_message_id not in (None, report.provider_message_id):
        return None
    return found


def _is_dead(report: Report) -> bool:
    return MEANINGS.get(report.status) == "failed" and report.code in DEAD_NUMBER_CODES


def _apply(session: Session, report: Report, ours: Any, at: datetime) -> str:
    if report.status not in MEANINGS:
        return "unmapped"
    if ours.provider_message_id is None:
        known = {"sid": report.provider_message_id, "id": ours.send_attempt_id}
        session.execute(text(KNOWN_BY), known)
    state = state_after(ours.state, report.status)
    if state is None or ours.attempt_id != ours.send_attempt_id:
        return "stale"
    if ours.state in ("unknown", "due"):
        session.execute(text(DONE), {"id": ours.send_attempt_id})
    reason = f"provider_{report.code}" if report.code else "provider_gave_up"
    session.execute(text(APPLY), {"state": state, "reason": reason, "now": at, "id": ours.id})
    why = reason if state == "failed" else ""
    record_moves(session, [Move(ours.id, ours.state, state, why, ours.send_attempt_id)], at)
    if _is_dead(report) and ours.contact_point_id is not None:
        mark_dead(session, ours.contact_point_id, report.code, ours.patient_id, ours.appointment_id)
    if state == "failed":
        plan_next_channel(session, ours.id)
    return "applied"
