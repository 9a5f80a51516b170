"""New answers replace a decision without erasing it, whatever order they come in."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from kernel.ids import new_id
from services.referral.actions.receive_submission import receive_submission
from tests.referral.conftest import NECK_PAIN, Clinic

MIGRAINE_DRUG = {**NECK_PAIN, "requests_drug_or_injection": True}


@pytest.mark.capability("T14")
def test_a_correction_voids_the_decision_and_returns_the_case_to_triage(clinic: Clinic) -> None:
    first = clinic.submission(NECK_PAIN)
    clinic.tell("intake", "intake_submitted", first.submission_id, first)
    accepted = clinic.do(clinic.case_of(first), "accept")
    assert accepted["state"] == "to_book"

    second = clinic.submission(MIGRAINE_DRUG, patient_id=first.patient_id, corrects=first.submission_id)
    clinic.tell("intake", "intake_submitted", second.submission_id, second)
    case = clinic.case_of(second)
    assert case["id"] == accepted["id"]
    assert (case["state"], case["route"]) == ("needs_triage", "medication_review")
    newest, oldest = case["decisions"]
    assert (newest["voided_at"], newest["cause"]) == (None, "correction")
    assert oldest["voided_at"] is not None
    assert oldest["route"] == "physical_therapy"
    codes = [item["text_code"] for item in case["timeline"]]
    assert codes.count("decision_made") == 2
    assert "decision_voided" in codes
    assert "move_new_answers" in codes


def test_a_correction_that_comes_first_stands(clinic: Clinic) -> None:
    first = clinic.submission(NECK_PAIN)
    second = clinic.submission(MIGRAINE_DRUG, patient_id=first.patient_id, corrects=first.submission_id)
    clinic.tell("intake", "intake_submitted", second.submission_id, second)
    clinic.tell("intake", "intake_submitted", first.submission_id, first)
    case = clinic.case_of(second)
    assert case["route"] == "medication_review"
    assert sorted(d["voided_at"] is None for d in case["decisions"]) == [False, True]
    assert clinic.get(f"/referrals?patient_id={first.patient_id}")["items"][0]["id"] == case["id"]


def test_the_same_submission_heard_twice_is_one_referral(clinic: Clinic) -> None:
    submitted = clinic.submission()
    for _ in range(2):
        assert (
            clinic.tell("intake", "intake_submitted", submitted.submission_id, submitted).status_code == 204
        )
    assert len(clinic.get(f"/referrals?patient_id={submitted.patient_id}")["items"]) == 1
    assert clinic.get("/referrals")["open"] == 1


def test_a_flag_that_was_answered_away_still_holds(clinic: Clinic) -> None:
    case = clinic.submit(NECK_PAIN, flags=("SN01E",))
    assert case["flags"] == ["SN01E"]
    assert case["holds"][0]["action"] == "E"


def test_answers_this_protocol_does_not_know_are_named_and_nobody_is_lost(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "no_such_variable": 1, "nprs_now": 99})
    assert case["route"] == "physical_therapy"
    refused = {fault["field"]: fault["code"] for fault in case["decision"]["refused_fields"]}
    assert refused == {"no_such_variable": "unknown_field", "nprs_now": "out_of_range"}


def test_new_answers_after_the_end_make_a_new_referral_that_follows_the_old(clinic: Clinic) -> None:
    first = clinic.submission()
    clinic.tell("intake", "intake_submitted", first.submission_id, first)
    ended = clinic.do(clinic.case_of(first), "withdraw", {"reason_code": "patient_withdrew"})
    second = clinic.submission(
        patient_id=first.patient_id, corrects=first.submission_id, submission_id=new_id()
    )
    clinic.tell("intake", "intake_submitted", second.submission_id, second)
    case = clinic.case_of(second)
    assert case["id"] != ended["id"]
    assert case["follows_id"] == ended["id"]


def test_a_correction_and_its_original_heard_at_one_moment_are_one_referral(clinic: Clinic) -> None:
    """After an outage both wait, and two workers bring them side by side."""
    first = clinic.submission(NECK_PAIN)
    second = clinic.submission(MIGRAINE_DRUG, patient_id=first.patient_id, corrects=first.submission_id)
    store = clinic.parts.database
    publish_first = clinic.submission(NECK_PAIN)
    clinic.tell("intake", "intake_submitted", publish_first.submission_id, publish_first)

    def hear_second() -> None:
        with store.transaction() as session:
            receive_submission(session, second)

    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as session:
            receive_submission(session, first)
            session.flush()
            other = pool.submit(hear_second)
            wait([other], timeout=0.7)
        other.result(timeout=10)
    items = clinic.get(f"/referrals?patient_id={first.patient_id}")["items"]
    assert len(items) == 1
    assert clinic.case_of(second)["route"] == "medication_review"
