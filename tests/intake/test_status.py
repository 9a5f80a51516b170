"""What a patient follows without an account: where the referral stands, the visit, and how to get ready."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts.appointment import AppointmentBooked, AppointmentCancelled, SiteFacts
from kernel.contracts.patient import PatientSnapshot
from kernel.contracts.referral_received import ReferralReceived
from kernel.contracts.referral_routed import ReferralRouted
from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.ids import new_id
from services.intake.texts import texts
from tests.intake.conftest import FRONT_DESK, THERAPIST, Browser, Clinic

ROUTES = ("physical_therapy", "medication_review", "surgical_consult")
#: C9: what no patient page says.
NEVER = re.compile(
    r"migrain|cervicogenic|overuse|diagnos|score"
    r"|physical.therapy|medication.review|surgical.consult|staff.triage|same.day.clinician"
    r"|migraña|cefalea|sobreuso|puntaje|fisioterapia|terapia física|cirujan",
    re.IGNORECASE,
)


def came_from_outside(clinic: Clinic, **patient: Any) -> ReferralReceived:
    who = {
        "given_name": "Olga",
        "family_name": "Brandt",
        "birth_date": date(1966, 8, 2),
        "phone": "+18165550177",
        "postcode": "64081",
        **patient,
    }
    told = ReferralReceived(
        referral_id=new_id(),
        patient_id=new_id(),
        patient=PatientSnapshot.model_validate(who),
        state="needs_triage",
        version=2,
        received_at=datetime.now(UTC),
    )
    assert clinic.tell("referral", "referral_received", told.referral_id, told).status_code == 204
    return told


def moved(clinic: Clinic, referral: UUID, patient: UUID, state: str, version: int, **more: Any) -> None:
    told = ReferralStateChanged(
        referral_id=referral,
        submission_id=more.pop("submission_id", None),
        patient_id=patient,
        from_state="x",
        to_state=state,
        version=version,
        **more,
    )
    assert clinic.tell("referral", "referral_state_changed", referral, told).status_code == 204


def booked(referral: UUID, patient: UUID) -> AppointmentBooked:
    at = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
    return AppointmentBooked(
        appointment_id=new_id(),
        version=1,
        referral_id=referral,
        patient_id=patient,
        site=SiteFacts(
            id="paola",
            name="Paola",
            address="310 Baptiste Dr, Paola, KS",
            phone="+19135550130",
            time_zone="America/Chicago",
        ),
        visit_type="pt_eval",
        visit_type_name={"en": "First visit", "es": "Primera cita"},
        provider_name="Tess Wynn",
        route="physical_therapy",
        starts_at=at,
        ends_at=at.replace(hour=17),
        booked_at=datetime.now(UTC),
    )


def opened(clinic: Clinic, path: str, born: str, address: str = "198.51.100.60") -> Browser:
    visit = clinic.browser(address).open(path)
    assert "birth_date" in visit.body
    return visit.send({"birth_date": born})


@pytest.mark.capability("L12")
def test_a_patient_referred_from_outside_follows_it_with_a_link_and_a_birth_date(clinic: Clinic) -> None:
    told = came_from_outside(clinic)
    referral = told.referral_id
    assert clinic.call("POST", f"/referrals/{referral}/links", {}, actor=THERAPIST).status_code == 403
    assert clinic.call("POST", f"/referrals/{new_id()}/links", {}, actor=FRONT_DESK).status_code == 404
    issued = clinic.call("POST", f"/referrals/{referral}/links", {}, actor=FRONT_DESK)
    assert issued.status_code == 201, issued.text
    path = issued.get_json()["path"]
    assert path.startswith("/intake/s?lang=en#t=")
    assert clinic.browser().open(path).send({"birth_date": "01/01/1966"}).status == 422
    visit = opened(clinic, path, "08/02/1966")
    assert "A nurse is reading the letter about you." in visit.body
    assert "See what you told us" not in visit.body, "there is nothing they sent"
    moved(clinic, referral, told.patient_id, "accepted", 3, route="physical_therapy")
    here = visit.at
    assert "We will plan your visit now." in visit.open(here).body
    assert "Wear loose clothes" in visit.body
    appointment = booked(referral, told.patient_id)
    clinic.tell("referral", "appointment_booked", appointment.appointment_id, appointment)
    moved(clinic, referral, told.patient_id, "booked", 4)
    visit.open(here)
    assert "Thursday, March 5 at 10:30 AM at Paola" in visit.body
    assert "310 Baptiste Dr" in visit.body
    assert "816-555-0100" in visit.body, "whom to call"
    visit.open(here + "?lang=es")
    assert "jueves 5 de marzo a las 10:30 a. m. en Paola" in visit.body
    assert "Use ropa suelta" in visit.body
    cancelled = AppointmentCancelled(
        appointment_id=appointment.appointment_id,
        version=2,
        patient_id=told.patient_id,
        reason="clinic",
        by="clinic",
    )
    clinic.tell("referral", "appointment_cancelled", appointment.appointment_id, cancelled)
    assert "<s>jueves 5 de marzo" in visit.open(here).body
    for place in (path.partition("#")[0], visit.at):
        assert not re.search(r"olga|brandt|1966|paola|therapy|0177", place, re.IGNORECASE), place
    assert visit.open(f"/intake/s/{visit.token}/answers").status == 404
    assert visit.open(f"/intake/s/{visit.token}/read").status in (404, 405)


@pytest.mark.capability("L12")
def test_someone_known_keeps_one_record_and_what_they_agreed_to(clinic: Clinic) -> None:
    clinic.browser().start()
    before = clinic.sql("SELECT id FROM patient")
    told = came_from_outside(
        clinic,
        given_name="Ana",
        family_name="Ñandú-O'Brien",
        birth_date=date(1980, 4, 23),
        phone="+18165550123",
    )
    after = clinic.sql("SELECT id, consent_sms, consent_email FROM patient WHERE merged_into IS NULL")
    assert [row.id for row in after] == [row.id for row in before]
    assert (after[0].consent_sms, after[0].consent_email) == (True, True)
    # The letter's referral named them by an id of its own: that is theirs too now, here and at whoever else has it.
    (merged,) = clinic.events("patients_merged")
    assert (merged["record_id"], merged["records"], merged["patient_id"]) == (
        str(told.patient_id),
        [str(told.patient_id)],
        str(before[0].id),
    )
    shown = clinic.call("GET", f"/patients/{told.patient_id}", actor=FRONT_DESK).get_json()
    assert shown["id"] == str(before[0].id)
    clinic.tell("referral", "referral_received", told.referral_id, told)
    assert len(clinic.events("patients_merged")) == 1, "told again, nothing is merged again"
    assert clinic.sql("SELECT count(*) AS n FROM match_case")[0].n == 0


@pytest.mark.capability("L9")
def test_who_came_by_letter_and_answers_later_is_one_person_under_the_letters_id(clinic: Clinic) -> None:
    told = came_from_outside(
        clinic,
        given_name="Ana",
        family_name="Ñandú-O'Brien",
        birth_date=date(1980, 4, 23),
        phone="+18165550123",
    )
    answered(clinic)
    (row,) = clinic.sql("SELECT patient_id FROM submission")
    assert row.patient_id == told.patient_id
    assert [one.id for one in clinic.sql("SELECT id FROM patient")] == [told.patient_id]


def answered(clinic: Clinic) -> tuple[Browser, Any]:
    visit = clinic.browser().start()
    visit.open(f"/intake/q/{visit.token}/where").send({"regions": ["neck"]})
    visit.open(f"/intake/review/{visit.token}").send()
    return visit, clinic.sql("SELECT id, patient_id FROM submission")[0]


@pytest.mark.capability("C11")
@pytest.mark.capability("C9")
def test_how_to_get_ready_is_on_the_page_for_each_route_and_sent_once_accepted(clinic: Clinic) -> None:
    visit, row = answered(clinic)
    here = visit.at
    assert "Get ready for your visit" not in visit.body, "not before a nurse has confirmed where"
    referral = new_id()
    routed = ReferralRouted(
        referral_id=referral,
        submission_id=row.id,
        patient_id=row.patient_id,
        route="physical_therapy",
        priority="P3",
        state="needs_triage",
        version=1,
    )
    clinic.tell("referral", "referral_routed", referral, routed)
    assert "Get ready for your visit" not in visit.open(here).body
    assert clinic.events("status_link_issued") == []
    for version, route in enumerate((*ROUTES, "same_day_clinician"), start=2):
        moved(clinic, referral, row.patient_id, "accepted", version, submission_id=row.id, route=route)
        for language in ("en", "es"):
            visit.open(f"{here}?lang={language}")
            guides = texts(language)["guide"]
            for line in [part for lines in guides.get(route, guides["other"]).values() for part in lines]:
                assert line in visit.body, (route, line)
            assert not NEVER.search(visit.body), NEVER.search(visit.body)
    moved(clinic, referral, row.patient_id, "to_book", 9, submission_id=row.id)
    (sent,) = clinic.events("status_link_issued")
    assert sent["patient_id"] == str(row.patient_id)
    assert sent["patient"]["phone"] == "+18165550123"
    other = opened(clinic, sent["link_path"], "04/23/1980", "198.51.100.61")
    assert "Get ready for your visit" in other.body
    assert "Choose a time" not in other.body, (
        "the schedule does not answer: nothing is promised, the page stands"
    )
    assert not NEVER.search(sent["link_path"])


def test_nobody_is_sent_a_link_who_did_not_agree_or_before_they_are_known(clinic: Clinic) -> None:
    told = came_from_outside(clinic)
    moved(clinic, told.referral_id, told.patient_id, "accepted", 3)
    early = new_id()
    moved(clinic, early, new_id(), "accepted", 3)
    assert clinic.events("status_link_issued") == []


def test_after_a_stop_the_alarm_gives_way_once_a_clinician_accepted(clinic: Clinic) -> None:
    visit = clinic.browser().start()
    visit.open(f"/intake/q/{visit.token}/emergency_signs").send({"thunderclap": "true"})
    here = visit.at
    assert "Call 911 or go" in visit.body
    (row,) = clinic.sql("SELECT id, patient_id FROM submission")
    referral = new_id()
    moved(clinic, referral, row.patient_id, "needs_triage", 2, submission_id=row.id)
    assert "Call 911 or go" in visit.open(here).body
    moved(clinic, referral, row.patient_id, "accepted", 3, submission_id=row.id, route="medication_review")
    visit.open(here)
    assert "Call 911 or go" not in visit.body
    assert "Get ready for your visit" in visit.body
    assert "If you get worse" in visit.body
