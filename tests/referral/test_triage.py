"""From a finished questionnaire to a confirmed route."""

from typing import Any

import pytest

from tests.referral.conftest import CAUDA_EQUINA, FRONT_DESK, NECK_PAIN, Clinic


@pytest.mark.capability("T3")
def test_a_submission_becomes_a_referral_in_triage_with_its_evidence(clinic: Clinic) -> None:
    case = clinic.submit(NECK_PAIN)
    assert (case["state"], case["route"], case["priority"]) == ("needs_triage", "physical_therapy", "P5")
    assert case["answers"] is not None
    assert {row["variable"]: row["value"] for row in case["answers"]} == NECK_PAIN
    fired = [rule["id"] for rule in case["decision"]["rules"]]
    assert "PT2" in fired
    clause = case["decision"]["evidence"]["rules"]["PT2"]
    assert clause["result"] == "true"
    assert clause["answer"] == ["neck"]
    assert case["decision"]["protocol_version"] == "1"


def test_accepting_makes_the_referral_ready_to_book(clinic: Clinic) -> None:
    accepted = clinic.do(clinic.submit(), "accept")
    assert accepted["state"] == "to_book"
    assert accepted["owner"] == {"id": "nurse-1", "name": "Nora Field"}
    moves = [i for i in clinic.get(f"/referrals/{accepted['id']}")["timeline"] if i["kind"] == "move"]
    assert [m["text_code"] for m in moves] == ["move_triage", "move_accept", "move_make_ready"]
    assert moves[1]["actor"]["id"] == "nurse-1"


def test_a_red_flag_holds_an_accepted_referral_until_a_clinician_clears_it(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "limb_weakness": "new_or_worse"})
    assert case["flags"]
    assert case["urgent"]
    redirected = clinic.do(
        case,
        "redirect",
        {"route": "surgical_consult", "reason_code": "other_route_fits_better"},
    )
    assert redirected["state"] == "accepted"
    cleared = clinic.do(
        redirected, "clear-hold", {"reason_code": "assessed_by_clinician", "note": "Examined by phone."}
    )
    assert (cleared["state"], cleared["flags"]) == ("to_book", [])


def test_an_emergency_goes_first_and_is_never_ready_to_book(clinic: Clinic) -> None:
    clinic.submit(NECK_PAIN)
    emergency = clinic.submit(CAUDA_EQUINA)
    assert (emergency["route"], emergency["priority"]) == ("emergency", "P0")
    assert clinic.get("/referrals")["items"][0]["id"] == emergency["id"]
    assert clinic.do(emergency, "accept")["state"] == "accepted"


def test_the_front_desk_sees_no_answers_flags_or_unconfirmed_route(clinic: Clinic) -> None:
    case = clinic.submit(CAUDA_EQUINA)
    seen: dict[str, Any] = clinic.get(f"/referrals/{case['id']}", FRONT_DESK)
    assert seen["urgent"] is True
    assert (seen["flags"], seen["route"], seen["answers"], seen["decision"]) == ([], None, None, None)
    assert seen["holds"] is None
    refused = clinic.call(
        "POST", f"/referrals/{case['id']}/accept", {}, actor=FRONT_DESK, version=case["version"]
    )
    assert refused.status_code == 403


def test_a_same_day_case_can_be_booked_once_a_clinician_cleared_its_flag(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "limb_weakness": "new_or_worse"})
    assert case["route"] == "same_day_clinician"
    accepted = clinic.do(case, "accept")
    assert accepted["state"] == "accepted"
    cleared = clinic.do(accepted, "clear-hold", {"reason_code": "assessed_by_clinician", "note": "Called."})
    assert cleared["state"] == "to_book"


def test_a_program_may_not_do_what_a_person_must(clinic: Clinic) -> None:
    case = clinic.submit()
    token = clinic.tokens("dashboard").issue_access("ehr", frozenset({"referral:write"}), ["referral"])
    for deed, body in (("accept", {}), ("decline", {"reason_code": "duplicate"})):
        answer = clinic.call(
            "POST",
            f"/referrals/{case['id']}/{deed}",
            body,
            version=case["version"],
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 403
    assert clinic.get(f"/referrals/{case['id']}")["state"] == "needs_triage"
