"""News that comes late does not undo what the patient, or staff, said after it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.events import Envelope
from kernel.ids import new_id
from kernel.inbox import hear
from services.notify.reactions import REACTIONS
from tests.notify.people import submission, submit
from tests.notify.standing import TUESDAY_TEN, Standing

NOW_REACHED_AT = """
SELECT c.address_index FROM patient_contact l JOIN contact_point c ON c.id = l.contact_point_id
WHERE l.patient_id = :patient AND l.channel = 'sms'
"""
AGREED = "SELECT DISTINCT given FROM consent WHERE patient_id = :patient AND channel = 'sms'"


def hear_late(notify: Standing, patient: UUID, said_at: datetime, **facts: Any) -> None:
    """An event that was written at `said_at` arrives now."""
    data: IntakeSubmitted = submission(patient, **facts)
    envelope = Envelope(
        id=new_id(),
        source="intake",
        type="intake_submitted",
        subject="-",
        time=said_at,
        data=data.model_dump(mode="json"),
    )
    hear(notify.store, REACTIONS, envelope)


def test_an_older_consent_that_arrives_late_does_not_undo_a_refusal(notify: Standing) -> None:
    patient = submit(notify, consent_sms=False)
    hear_late(notify, patient, TUESDAY_TEN - timedelta(hours=1), consent_sms=True)
    assert [row.given for row in notify.rows(AGREED, patient=patient)] == [False]
    hear_late(notify, patient, TUESDAY_TEN + timedelta(hours=1), consent_sms=True)
    assert [row.given for row in notify.rows(AGREED, patient=patient)] == [True]


def test_an_older_number_and_language_that_arrive_late_do_not_replace_newer_ones(notify: Standing) -> None:
    patient = submit(notify, phone="+18165550142", language="es")
    before = notify.rows(NOW_REACHED_AT, patient=patient)
    hear_late(notify, patient, TUESDAY_TEN - timedelta(hours=1), phone="+18165550199", language="en")
    assert notify.rows(NOW_REACHED_AT, patient=patient) == before
    (row,) = notify.rows("SELECT language FROM patient WHERE id = :patient", patient=patient)
    assert row.language == "es"
