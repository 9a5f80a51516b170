"""Store the planned messages of a visit, with the first line of each one's trail, in one statement."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.ids import new_id
from services.notify.actions.record_moves import PUBLIC_STATES
from services.notify.model import Appointment
from services.notify.rules.plan import Planned

ADD = """
WITH planned AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (id uuid, move uuid, step text, channel text,
        topic text, point uuid, template text, exempt text, planned_for timestamptz, expires_at timestamptz,
        state text, reason text, due_at timestamptz)
), trail AS (
    INSERT INTO message_move (id, message_id, at, from_state, to_state, reason)
    SELECT move, id, CAST(:at AS timestamptz), '', state, reason FROM planned
), news AS (
    INSERT INTO untold_state (message_id) SELECT id FROM planned WHERE state = ANY(:public)
)
INSERT INTO planned_message (id, patient_id, appointment_id, appointment_version, step, channel, topic,
    contact_point_id, language, language_note, template, exempt, planned_for, expires_at, state, reason, created_at,
    due_at)
SELECT id, CAST(:patient AS uuid), CAST(:appointment AS uuid), :version, step, channel, topic, point, :language,
    :note, template, exempt, planned_for, expires_at, state, reason, CAST(:at AS timestamptz), due_at
FROM planned
"""


def add_all_planned(
    session: Session,
    appointment: Appointment,
    planned: Sequence[tuple[Planned, UUID | None]],
    *,
    language: tuple[str, str],
    at: datetime,
) -> None:
    """Add a row for each of `planned` (what, and the contact point) for `appointment`'s version.

    `language`: the one to write in, and why it is not the one wished for ("" when it is).
    """
    if not planned:
        return
    rows = [
        {
            "id": new_id().hex,
            "move": new_id().hex,
            "step": message.step,
            "channel": message.channel,
            "topic": message.topic,
            "point": point.hex if point is not None else None,
            "template": message.template,
            "exempt": message.exempt,
            "planned_for": message.planned_for.isoformat(),
            "expires_at": message.expires_at.isoformat(),
            "state": message.state,
            "reason": message.reason,
            "due_at": message.due_at.isoformat(),
        }
        for message, point in planned
    ]
    session.execute(
        text(ADD),
        {
            "rows": json.dumps(rows),
            "at": at,
            "public": list(PUBLIC_STATES),
            "patient": appointment.patient_id,
            "appointment": appointment.id,
            "version": appointment.version,
            "language": language[0],
            "note": language[1],
        },
    )
