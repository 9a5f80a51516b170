"""What staff find out is evaluated again, and the change is shown."""

import pytest

from tests.referral.conftest import NECK_PAIN, Clinic

SUSPECTED = {
    "age_years": 39,
    "regions": ["head", "neck"],
    "neck_provokes_headache": True,
    "neck_rom_reduced": True,
    "neck_onset_related": True,
    "hx_side_locked": True,
}


@pytest.mark.capability("C6")
def test_cervicogenic_stays_suspected_until_findings_come_and_the_change_is_shown(clinic: Clinic) -> None:
    case = clinic.submit(SUSPECTED)
    before = {d["id"]: d["certainty"] for d in case["decision"]["diagnoses"]}
    assert before["CGH_SUSPECTED"] == "suspected"
    assert "ICHD_11_2_1" not in before
    after = clinic.do(case, "findings", {"answers": {"neck_disorder_evidence": True}, "note": "MRI seen."})
    shown = clinic.get(f"/referrals/{after['id']}")
    found = {d["id"]: d["certainty"] for d in shown["decision"]["diagnoses"]}
    assert found["ICHD_11_2_1"] == "definite"
    assert shown["decision"]["change"]["diagnoses"][0] == before
    assert shown["decision"]["change"]["diagnoses"][1] == found
    by_staff = [row["variable"] for row in shown["answers"] if row["filled_by"] == "staff"]
    assert by_staff == ["neck_disorder_evidence"]
    assert [d["cause"] for d in shown["decisions"]] == ["staff_findings", "intake"]
    assert shown["decisions"][1]["voided_at"] is not None


def test_a_finding_that_changes_the_route_returns_an_accepted_case_to_triage(clinic: Clinic) -> None:
    accepted = clinic.do(clinic.submit(), "accept")
    moved = clinic.do(accepted, "findings", {"answers": {"known_instability_or_lesion": True}})
    assert (moved["state"], moved["route"]) == ("needs_triage", "surgical_consult")


def test_a_finding_that_changes_nothing_leaves_the_review_standing(clinic: Clinic) -> None:
    redirected = clinic.do(
        clinic.submit(),
        "redirect",
        {"route": "medication_review", "priority": "P3", "reason_code": "patient_prefers"},
    )
    same = clinic.do(redirected, "findings", {"answers": {"fever": False}})
    assert (same["state"], same["route"], same["priority"]) == ("to_book", "medication_review", "P3")


def test_a_red_flag_found_by_telephone_holds_the_booking(clinic: Clinic) -> None:
    accepted = clinic.do(clinic.submit(), "accept")
    held = clinic.do(accepted, "findings", {"answers": {"limb_weakness": "new_or_worse"}})
    assert held["flags"] == ["RF_MOTOR"]
    assert held["state"] == "needs_triage"


def test_findings_survive_a_correction_by_the_patient(clinic: Clinic) -> None:
    first = clinic.submission(SUSPECTED)
    clinic.tell("intake", "intake_submitted", first.submission_id, first)
    clinic.do(clinic.case_of(first), "findings", {"answers": {"neck_disorder_evidence": True}})
    second = clinic.submission(
        {**SUSPECTED, "nprs_now": 4}, patient_id=first.patient_id, corrects=first.submission_id
    )
    clinic.tell("intake", "intake_submitted", second.submission_id, second)
    diagnoses = [d["id"] for d in clinic.case_of(second)["decision"]["diagnoses"]]
    assert "ICHD_11_2_1" in diagnoses


@pytest.mark.parametrize(
    "answers",
    [{}, {"nope": True}, {"nprs_now": 11}, {"fever": "yes"}, {"bad name": 1}, {"regions": ["tail"]}],
)
def test_bad_findings_change_nothing(clinic: Clinic, answers: dict[str, object]) -> None:
    case = clinic.submit()
    answer = clinic.call(
        "POST", f"/referrals/{case['id']}/findings", {"answers": answers}, version=case["version"]
    )
    assert answer.status_code == 422
    assert clinic.get(f"/referrals/{case['id']}")["version"] == case["version"]


@pytest.mark.capability("C12")
def test_a_migraine_nobody_ever_named_is_surfaced_on_the_worklist(clinic: Clinic) -> None:
    migraine = {
        "age_years": 34,
        "regions": ["head"],
        "hx_attacks_lifetime": 40,
        "hx_duration_min": 600,
        "hx_laterality": "left",
        "hx_quality": ["pulsating"],
        "hx_severity": "severe",
        "hx_worse_activity": True,
        "hx_nausea": "moderate",
        "hx_photophobia": True,
        "hx_phonophobia": True,
    }
    never_told = clinic.submit({**migraine, "migraine_told_before": False})
    told = clinic.submit({**migraine, "migraine_told_before": True})
    unknown = clinic.submit(migraine)
    clinic.submit(NECK_PAIN)
    listed = clinic.get("/referrals?marker=never_diagnosed_migraine")["items"]
    assert [row["id"] for row in listed] == [never_told["id"]]
    assert "never_diagnosed_migraine" not in told["markers"] + unknown["markers"]
