"""Messages of a visit or a patient, newest plan last, with the reason why each was not (or not yet) sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.personal import open_json
from services.notify.queries.cursors import cursor_after
from services.notify.queries.site_scope import of_sites
from services.notify.queries.templates import Templates, wording_for
from services.notify.rules.compose import (
    ClinicWords,
    ValueMissing,
    about_values,
    fill,
    hide_secrets,
    masked,
    visit_values,
)

LOG = of_sites(
    """
SELECT m.id, m.patient_id, m.appointment_id, m.appointment_version, m.step, m.channel, m.topic, m.language,
    m.language_note, m.values_sealed, m.about_sealed,
    m.template, m.template_version, m.text_sealed, m.exempt, m.planned_for, m.due_at, m.expires_at, m.state,
    CASE WHEN m.state = 'due' AND m.due_at <= :now AND (SELECT paused_at FROM sending_gate) IS NOT NULL
        THEN 'sending_paused'
        WHEN m.state = 'due' AND m.reason = '' AND m.due_at <= CAST(:now AS timestamptz) - interval '2 minutes'
        THEN 'late'
        ELSE m.reason END AS reason,
    m.sent_at, m.delivered_at, m.attempts, m.created_at, m.contact_point_id, a.facts, a.version, p.time_zone
FROM planned_message m LEFT JOIN appointment a ON a.id = m.appointment_id LEFT JOIN patient p ON p.id = m.patient_id
WHERE (CAST(:appointment AS uuid) IS NULL OR m.appointment_id = :appointment)
    AND (CAST(:patient AS uuid) IS NULL OR m.patient_id = :patient OR m.patient_id IN (
        SELECT patient_id FROM patient_record WHERE stands_under = :patient))
    AND SEEN
    AND (CAST(:after_at AS timestamptz) IS NULL OR (m.planned_for, m.id) > (:after_at, CAST(:after_id AS uuid)))
ORDER BY m.planned_for, m.id LIMIT :limit
""",
    visit="a",
    patient="m.patient_id",
)
SHOWN_STATES = {"due": "planned", "sending": "sending"}


def message_log(
    session: Session,
    appointment_id: UUID | None,
    patient_id: UUID | None,
    place: tuple[datetime, UUID] | None,
    limit: int,
    *,
    sites: Sequence[str] = (),
) -> tuple[Sequence[Any], str | None]:
    """Return up to `limit` rows after `place`, and the cursor of the next page; of `sites` only, when given."""
    values = {
        "appointment": appointment_id,
        "patient": patient_id,
        "after_at": place[0] if place else None,
        "after_id": place[1] if place else None,
        "limit": limit + 1,
        "now": now(session),
        "sites": list(sites),
    }
    rows = session.execute(text(LOG), values).all()
    cursor = cursor_after(rows[limit - 1].planned_for, rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], cursor


def message_values(row: Any) -> dict[str, str] | None:
    """The values put into the text that was sent; None before. Codes and the ends of links are nobody's to read."""
    values = _sent_values(row)
    return None if values is None else masked(values)


def message_text(row: Any, clinic: ClinicWords, templates: Templates) -> str | None:
    """The text that was sent, or what would be sent as things stand; None when there is nothing to say.

    Codes and the ends of personal links are hidden: who has them is taken for the patient.
    """
    sent = _sent_values(row)
    if row.text_sealed is not None and sent is not None:
        body = str(open_json(row.text_sealed, f"notify.planned_message.text_sealed.{row.id}"))
        return hide_secrets(body, sent)
    wording = wording_for(templates, row.template, row.channel, row.language)
    if wording is None or (row.appointment_id is not None and row.version != row.appointment_version):
        return None
    try:
        return fill(wording.body, masked(_values(row, clinic, wording.language)))
    except (ValueMissing, KeyError):
        return None


def _sent_values(row: Any) -> dict[str, str] | None:
    if row.values_sealed is None:
        return None
    values: dict[str, str] = open_json(row.values_sealed, f"notify.planned_message.values_sealed.{row.id}")
    return values


def _values(row: Any, clinic: ClinicWords, language: str) -> dict[str, str]:
    if row.about_sealed is None:
        return visit_values(clinic, row.facts, language, row.time_zone or "")
    about = open_json(row.about_sealed, f"notify.planned_message.about_sealed.{row.id}")
    return about_values(clinic, about, language, row.time_zone or "")
