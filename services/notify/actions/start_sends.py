"""The first transaction of a send: take due rows, ask the gate, and commit "sending" before anything leaves."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import bytes_array, ids_array, numbers_array, texts_array
from kernel.clock import now
from kernel.ids import new_id
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.personal import Personal, open_json, seal_json
from kernel.timings import LEASE_SECONDS
from services.notify.actions.ask_before_sending import ask_before_sending
from services.notify.actions.compose_mail import MailParts, compose_mail
from services.notify.actions.plan_next_channel import CHANNEL_FAULTS, plan_next_channel
from services.notify.actions.record_moves import Move, record_moves
from services.notify.queries.send_candidates import candidate_of, counted_sends, pick_due
from services.notify.queries.templates import Templates, templates_in_force, wording_for
from services.notify.rules.compose import ClinicWords, ValueMissing, about_values, fill, visit_values
from services.notify.rules.gate import Verdict, judge
from services.notify.rules.recipients import EVERYONE, SIMULATED, Recipients
from services.notify.rules.wording import FALLEN_BACK
from services.notify.sending.provider import Letter
from services.notify.texts.says_too_much import says_too_much

BUSY_WAIT = timedelta(seconds=1)
PACE_WAIT = timedelta(seconds=2)
START = """
UPDATE planned_message AS m SET state = 'sending', attempt_id = v.attempt, attempts = m.attempts + 1,
    lease_until = now() + make_interval(secs => :lease), leased_by = :worker, sent_at = :now,
    reason = m.exempt, template_version = v.version, values_sealed = v.filled, text_sealed = v.body,
    language = v.language, language_note = CASE v.language WHEN m.language THEN m.language_note ELSE :fallen END
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS uuid[]), CAST(:versions AS int[]), CAST(:values AS bytea[]),
    CAST(:texts AS bytea[]), CAST(:languages AS text[])) AS v (id, attempt, version, filled, body, language)
WHERE m.id = v.id
"""
ATTEMPTS = """
INSERT INTO send_attempt (id, message_id, provider, body_sha256, marks_handover)
SELECT v.*, v.provider = ANY(CAST(:marking AS text[]))
FROM unnest(CAST(:attempts AS uuid[]), CAST(:ids AS uuid[]), CAST(:providers AS text[]), CAST(:hashes AS bytea[]))
    AS v (attempt, message, provider, hash)
"""
WAIT = """
UPDATE planned_message AS m SET due_at = v.due, reason = v.reason, rung_at = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:dues AS timestamptz[]), CAST(:reasons AS text[])) AS v (id, due, reason)
WHERE m.id = v.id
"""
END = """
UPDATE planned_message AS m SET state = v.state, reason = v.reason, rung_at = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS v (id, state, reason)
WHERE m.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Started:
    """A send that is committed and may go out. The ids are what the fence before the POST locks."""

    letter: Letter
    channel: str
    provider: str
    step: str
    exempt: str
    patient_id: UUID | None
    contact_point_id: UUID
    appointment_id: UUID | None
    appointment_version: int | None
    visit_state: str
    attempts: int
    expires_at: datetime


@dataclass
class _Batch:
    started: list[Started] = field(default_factory=list)
    sealed: list[tuple[int, bytes, bytes, bytes, str]] = field(default_factory=list)
    waiting: list[tuple[UUID, datetime, str]] = field(default_factory=list)
    ended: list[tuple[UUID, str, str]] = field(default_factory=list)
    asked: set[UUID] = field(default_factory=set)


def start_sends(
    session: Session,
    clinic: ClinicWords,
    worker_id: str,
    choose_provider: Callable[[str, str], str],
    *,
    limit: int,
    recipients: Recipients = EVERYONE,
    marking: Iterable[str] = (),
    suspect: bool = False,
) -> list[Started]:
    """Move up to `limit` due messages to sending, waiting or their end, and return those to hand over.

    `choose_provider(channel, only)` names the provider to use, or "" while none may be asked: such rows stay due.
    `only` is a provider that may have had the message before, which then keeps it, or "". `marking` names the
    providers whose letters are marked before they are handed over. `suspect` asks for those that ended their sender
    twice, which everybody else leaves out.
    """
    at = now(session)
    picked = pick_due(session, at, limit, suspect=suspect)
    batch = _Batch(waiting=[(row, at + BUSY_WAIT, "") for row in picked.busy])
    templates = templates_in_force(session) if picked.facts else {}
    points = [row.contact_point_id for row in picked.facts if row.contact_point_id is not None]
    counted = counted_sends(session, points, at)
    for row in picked.facts:
        verdict = judge(candidate_of(row, counted.get(row.contact_point_id, []), at), at)
        address = _address(row) if verdict.fate == "go" else None
        if verdict.fate == "go" and address is None:
            batch.ended.append((row.id, "failed", "unreadable"))
            continue
        barrier = recipients.barrier(address.reveal()) if address is not None else ""
        if barrier:
            verdict = Verdict("suppressed", barrier)
        provider = ""
        if verdict.fate == "go" and address is not None:
            simulated = address.reveal() in recipients.simulated
            provider = SIMULATED if simulated else choose_provider(row.channel, row.denied_by or "")
        if verdict.fate == "go" and not provider:
            verdict = Verdict("wait", "provider_pace", at + PACE_WAIT)
        if (
            address is not None
            and provider
            and _compose(
                session, row, address, provider, clinic=clinic, templates=templates, at=at, batch=batch
            )
        ):
            if not row.exempt:
                counted.setdefault(row.contact_point_id, []).append(at)
        elif verdict.fate == "wait" and verdict.until is not None:
            batch.waiting.append((row.id, verdict.until, verdict.reason))
        elif verdict.fate != "go":
            batch.ended.append((row.id, verdict.fate, verdict.reason))
    _write(session, batch, worker_id, at, marking)
    for message_id, _, reason in batch.ended:
        if reason in CHANNEL_FAULTS:
            plan_next_channel(session, message_id)
    asked = [sent for sent in batch.started if sent.letter.message_id in batch.asked]
    ask_before_sending(session, [(sent.letter.message_id, sent.letter.attempt_id) for sent in asked], at)
    return [sent for sent in batch.started if sent.letter.message_id not in batch.asked]


def _address(row: Any) -> Personal[str] | None:
    """The recipient's number or address; None when it does not decrypt, which must not stop the rest of the batch."""
    place = f"notify.contact_point.address_sealed.{row.contact_point_id}"
    try:
        return Personal(open_json(row.address_sealed, place))
    except UnreadableField:
        log().error("address_unreadable", contact_point=str(row.contact_point_id))
        return None


def _compose(
    session: Session,
    row: Any,
    address: Personal[str],
    provider: str,
    *,
    clinic: ClinicWords,
    templates: Templates,
    at: datetime,
    batch: _Batch,
) -> bool:
    """Write the letter of `row` into the batch; False when its words cannot be made, which ends the message."""
    if row.too_large:
        batch.ended.append((row.id, "failed", "unreadable"))
        return False
    wording = wording_for(templates, row.template, row.channel, row.language)
    if wording is None:
        batch.ended.append((row.id, "failed", "no_template"))
        return False
    try:
        values = _values(row, clinic, wording.language)
        body, subject = fill(wording.body, values), fill(wording.subject, values)
        parts = MailParts()
        if row.channel == "email":
            parts = compose_mail(session, row, wording, values, address=address, clinic=clinic, at=at)
    except (ValueMissing, KeyError):
        batch.ended.append((row.id, "failed", "value_missing"))
        return False
    except (UnreadableField, ValueError, TypeError, LookupError, AttributeError) as error:
        # One damaged message must not keep the others of its batch from going out.
        log().error("message_unreadable", message=str(row.id), error=type(error).__name__)
        batch.ended.append((row.id, "failed", "unreadable"))
        return False
    if row.channel == "sms" and says_too_much(body, clinic.gate_prefixes):
        batch.ended.append((row.id, "suppressed", "health_words"))
        return False
    attempt_id = new_id()
    letter = Letter(row.id, attempt_id, address, body, subject, parts.calendar, parts.html, parts.stop_link)
    batch.started.append(
        Started(
            letter,
            row.channel,
            provider,
            row.step,
            row.exempt,
            row.patient_id,
            row.contact_point_id,
            row.appointment_id,
            row.appointment_version,
            row.visit_state or "",
            row.attempts + 1,
            row.expires_at,
        )
    )
    if row.ask_since is not None:
        batch.asked.add(row.id)
    batch.sealed.append(
        (
            wording.version,
            seal_json(values, f"notify.planned_message.values_sealed.{row.id}"),
            seal_json(body, f"notify.planned_message.text_sealed.{row.id}"),
            hashlib.sha256(body.encode()).digest(),
            wording.language,
        )
    )
    return True


def _values(row: Any, clinic: ClinicWords, language: str) -> dict[str, str]:
    if row.about_sealed is None:
        return visit_values(clinic, row.facts, language, row.time_zone or "")
    about = open_json(row.about_sealed, f"notify.planned_message.about_sealed.{row.id}")
    return about_values(clinic, about, language, row.time_zone or "")


def _write(session: Session, batch: _Batch, worker_id: str, at: datetime, marking: Iterable[str]) -> None:
    moves: list[Move] = []
    if batch.started:
        ids = [sent.letter.message_id for sent in batch.started]
        attempts = [sent.letter.attempt_id for sent in batch.started]
        session.execute(
            text(START),
            {
                "ids": ids_array(ids),
                "attempts": ids_array(attempts),
                "versions": numbers_array([sealed[0] for sealed in batch.sealed]),
                "values": bytes_array([sealed[1] for sealed in batch.sealed]),
                "texts": bytes_array([sealed[2] for sealed in batch.sealed]),
                "languages": texts_array([sealed[4] for sealed in batch.sealed]),
                "fallen": FALLEN_BACK,
                "lease": LEASE_SECONDS,
                "worker": worker_id,
                "now": at,
            },
        )
        session.execute(
            text(ATTEMPTS),
            {
                "attempts": ids_array(attempts),
                "ids": ids_array(ids),
                "providers": texts_array([sent.provider for sent in batch.started]),
                "hashes": bytes_array([sealed[3] for sealed in batch.sealed]),
                "marking": texts_array(marking),
            },
        )
        moves += [
            Move(message, "due", "sending", "", attempt)
            for message, attempt in zip(ids, attempts, strict=True)
        ]
    if batch.waiting:
        ids_, dues, reasons = (list(column) for column in zip(*batch.waiting, strict=True))
        session.execute(text(WAIT), {"ids": ids_, "dues": dues, "reasons": reasons})
    if batch.ended:
        ids_, states, reasons = (list(column) for column in zip(*batch.ended, strict=True))
        session.execute(text(END), {"ids": ids_, "states": states, "reasons": reasons})
        moves += [Move(row, "due", state, reason) for row, state, reason in batch.ended]
    record_moves(session, moves, at)
