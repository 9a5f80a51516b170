"""Invented patients and visits, as the other services tell of them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.contracts.appointment import AppointmentBooked, AppointmentMoved, SiteFacts
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from tests.notify.standing import TUESDAY_TEN, Standing

SITE = SiteFacts(
    id="overland_park",
    name="Overland Park",
    address="100 Prairie Crossing Pkwy, Overland Park, KS",
    phone="+19135550110",
    time_zone="America/Chicago",
)


def submission(
    patient: UUID,
    phone: str = "+18165550142",
    email: str = "rosa@example.test",
    language: str = "en",
    **more: Any,
) -> IntakeSubmitted:
    """What intake tells of a patient's submission. Consents are given unless said otherwise."""
    snapshot = PatientSnapshot(
        given_name="Rosa",
        family_name="Ñandú",
        birth_date=date(1980, 2, 29),
        phone=phone,
        email=email,
        language=language,
        postcode=more.pop("postcode", "66204"),
        time_zone=more.pop("time_zone", ""),
    )
    facts = {"consent_sms": True, "consent_email": True} | more
    return IntakeSubmitted(
        submission_id=new_id(),
        patient_id=patient,
        patient=snapshot,
        questionnaire="q|1",
        language=language,
        answers={},
        protocol_version="1",
        submitted_at=TUESDAY_TEN,
        **facts,
    )


def submit(notify: Standing, *, patient_id: UUID | None = None, **facts: Any) -> UUID:
    """A patient submits; returns their id. `facts` as `submission` takes them."""
    patient = patient_id or new_id()
    notify.hear("intake_submitted", submission(patient, **facts), source="intake")
    return patient


def visit_facts(patient: UUID, starts: datetime, appointment: UUID, version: int = 1) -> dict[str, Any]:
    return {
        "appointment_id": appointment,
        "version": version,
        "referral_id": new_id(),
        "patient_id": patient,
        "site": SITE,
        "visit_type": "new_patient",
        "visit_type_name": {"en": "First visit", "es": "Primera visita"},
        "provider_name": "J. Rivera",
        "route": "physical_therapy",
        "starts_at": starts,
        "ends_at": starts + timedelta(minutes=45),
        "booked_at": TUESDAY_TEN,
    }


def book(notify: Standing, patient: UUID, starts: datetime, **more: Any) -> UUID:
    """Referral books a visit; returns the appointment's id."""
    appointment = new_id()
    facts = visit_facts(patient, starts, appointment) | more
    notify.hear("appointment_booked", AppointmentBooked(**facts))
    return appointment


def book_by_mail(notify: Standing, name: str, letters: int) -> list[str]:
    """Visits of `letters` patients, each due one confirmation by e-mail; returns their addresses."""
    addresses = [f"{name}{number}@example.test" for number in range(letters)]
    for address in addresses:
        patient = submit(notify, phone="", email=address, consent_sms=False)
        book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    return addresses


def move(notify: Standing, patient: UUID, appointment: UUID, starts: datetime, version: int = 2) -> None:
    facts = visit_facts(patient, starts, appointment, version)
    notify.hear("appointment_moved", AppointmentMoved(**facts, previous_starts_at=TUESDAY_TEN))
