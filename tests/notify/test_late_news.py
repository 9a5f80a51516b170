"""News that comes late does not undo what the patient, or staff, said after it."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest

from kernel.contracts.consent import ConsentChanged, ConsentSaid
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.patient import PatientSnapshot
from kernel.contracts.patient_merge import PatientsMerged
from kernel.contracts.referral_received import ReferralReceived
from kernel.events import Envelope
from kernel.ids import new_id
from kernel.inbox import hear
from services.notify.reactions import REACTIONS
from tests.notify.people import book, submission, submit
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


def topics(notify: Standing, patient: UUID, channel: str = "sms") -> dict[str, bool]:
    asked = "SELECT topic, given FROM consent WHERE patient_id = :patient AND channel = :channel"
    return {row.topic: row.given for row in notify.rows(asked, patient=patient, channel=channel)}


def said(given: bool, at: datetime, channel: Literal["sms", "email"] = "sms") -> ConsentSaid:
    return ConsentSaid(channel=channel, given=given, said_at=at)


@pytest.mark.capability("N9")
def test_a_consent_counts_from_when_it_was_said_and_reopens_no_topic_that_was_named(notify: Standing) -> None:
    """Answers that say nothing of messages leave alone what was chosen since; a yes to visits asks for no more."""
    patient = submit(notify)
    notify.rows(
        "UPDATE consent SET given = false, source = 'link', at = at + interval '1 minute' "
        "WHERE patient_id = :patient AND topic = 'outreach' RETURNING 1",
        patient=patient,
    )
    submit(notify, patient_id=patient, consents=(said(True, TUESDAY_TEN - timedelta(days=30)),))
    assert topics(notify, patient) == {"visit": True, "follow_up": True, "outreach": False, "waitlist": True}
    # Nobody has ever asked, and an older record here says yes: nothing is taken back.
    submit(notify, patient_id=patient, consent_sms=False, consents=())
    assert topics(notify, patient)["visit"] is True
    # They say yes again: to their visits, not to what they named; and no takes back everything.
    later = TUESDAY_TEN + timedelta(hours=2)
    submit(notify, patient_id=patient, consents=(said(True, later),))
    assert topics(notify, patient)["outreach"] is False
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    assert notify.states(appointment_id=visit)["1_day", "sms"][1] == ""
    older = new_id()
    submit(notify, patient_id=older)
    merged = PatientsMerged(
        record_id=older, version=2, patient_id=patient, records=(older,), decided_at=TUESDAY_TEN
    )
    notify.hear("patients_merged", merged, source="intake")
    no = ConsentChanged(patient_id=patient, consents=(said(False, later + timedelta(minutes=1)),))
    notify.hear("consent_changed", no, source="intake")
    assert set(topics(notify, patient).values()) == set(topics(notify, older).values()) == {False}
    assert topics(notify, patient, "email")["visit"] is True
    assert notify.states(appointment_id=visit)["1_day", "sms"] == ("suppressed", "no_consent")
    # Old news of a yes, and of somebody we know nothing of, change nothing.
    notify.hear(
        "consent_changed", ConsentChanged(patient_id=patient, consents=(said(True, later),)), source="intake"
    )
    notify.hear("consent_changed", ConsentChanged(patient_id=new_id(), consents=no.consents), source="intake")
    assert set(topics(notify, patient).values()) == {False}
    yes = ConsentChanged(patient_id=patient, consents=(said(True, later + timedelta(minutes=2)),))
    notify.hear("consent_changed", yes, source="intake")
    assert topics(notify, patient) == {
        "visit": True,
        "follow_up": True,
        "outreach": False,
        "waitlist": True,
    }, "what they named stays unwanted after a no to all"


@pytest.mark.capability("I13")
def test_a_letter_that_says_no_language_or_zone_leaves_both_as_they_are(notify: Standing) -> None:
    patient = submit(notify, language="es", time_zone="America/Denver")
    known = "SELECT language, time_zone FROM patient WHERE id = :patient"

    def letter(of: UUID, **says: str) -> tuple[str, str]:
        who = PatientSnapshot(
            given_name="Rosa", family_name="Lund", birth_date=TUESDAY_TEN.date(), **{"language": "", **says}
        )
        heard = ReferralReceived(
            referral_id=new_id(),
            patient_id=of,
            patient=who,
            state="needs_triage",
            version=1,
            received_at=TUESDAY_TEN,
        )
        notify.hear("referral_received", heard)
        (row,) = notify.rows(known, patient=of)
        return row.language, row.time_zone

    assert letter(patient, postcode="66204") == ("es", "America/Denver")
    assert letter(patient, language="en") == ("en", "America/Denver")
    assert letter(new_id(), postcode="66204") == ("en", "America/Chicago"), (
        "of somebody new it is all there is"
    )
