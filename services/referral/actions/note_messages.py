"""Keep the latest known state of messages, whatever order the news comes in."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.message_state_changed import MessageStateChanged

NOTE = """
INSERT INTO referral_message AS known
    (id, patient_id, appointment_id, appointment_version, step, channel, state, reason, first_at, at)
SELECT v.id, v.patient, v.appointment, v.version, v.step, v.channel, v.state, v.reason, v.at, v.at
FROM unnest(CAST(:ids AS uuid[]), CAST(:patients AS uuid[]), CAST(:appointments AS uuid[]), CAST(:versions AS int[]),
    CAST(:steps AS text[]), CAST(:channels AS text[]), CAST(:states AS text[]), CAST(:reasons AS text[]),
    CAST(:ats AS timestamptz[])) AS v (id, patient, appointment, version, step, channel, state, reason, at)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at,
    first_at = least(known.first_at, excluded.first_at)
WHERE known.at <= excluded.at
"""


def note_messages(session: Session, changes: Sequence[MessageStateChanged]) -> None:
    """Insert each message, or update it when this news is newer than what is known: one statement for all."""
    newest: dict[object, MessageStateChanged] = {}
    for change in changes:
        known = newest.get(change.message_id)
        if known is None or known.at <= change.at:
            newest[change.message_id] = change
    # By id, so that two transactions about the same messages take the rows' locks in one order.
    told = sorted(newest.values(), key=lambda change: change.message_id)
    if not told:
        return
    session.execute(
        text(NOTE),
        {
            "ids": [change.message_id for change in told],
            "patients": [change.patient_id for change in told],
            "appointments": [change.appointment_id for change in told],
            "versions": [change.appointment_version for change in told],
            "steps": [change.step for change in told],
            "channels": [change.channel for change in told],
            "states": [change.state for change in told],
            "reasons": [change.reason for change in told],
            "ats": [change.at for change in told],
        },
    )
