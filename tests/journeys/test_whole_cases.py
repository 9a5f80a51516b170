"""Whole cases in through the public API as a clinic's web site sends them, and out on the worklist a nurse sees."""

import time
from typing import Any

import pytest

from kernel.ids import new_id
from local.demo.hands import NURSE, Hands
from tests.journeys.whole_cases import CASES, Case
from tests.stack import RunningStack

WORKLIST = "/api/referral/v1/referrals"
PATIENCE_SECONDS = 30.0

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def hands(stack: RunningStack) -> Hands:
    return Hands(stack.settings)


@pytest.fixture(scope="module")
def submitted(hands: Hands) -> dict[str, dict[str, Any]]:
    """Every case sent, by name: the answers the web site got."""
    family = f"Whole-{new_id().hex[-6:]}"
    return {case.name: hands.submit(body(case, number, family)) for number, case in enumerate(CASES)}


def body(case: Case, number: int, family: str) -> dict[str, Any]:
    return {
        "patient": {
            "given_name": f"Case{number}",
            "family_name": family,
            "birth_date": case.born,
            "phone": f"+1913{5550100 + number % 100}",
        },
        "language": "es" if number % 5 == 0 else "en",
        "answers": case.answers,
        "consent": {"sms": False, "email": False},
        "answered_by": "parent" if case.born.startswith("2011") else "self",
    }


def on_worklist(hands: Hands, case: Case, patient_id: str) -> dict[str, Any]:
    """Wait for the patient's referral on the worklist of the case's route and priority, and return its row."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    everywhere: list[dict[str, Any]] = []
    right = {"state": "needs_triage", "route": case.route, "priority": case.priority}
    while time.monotonic() < deadline:
        # Everywhere first: what is seen there must then be on the right list as well.
        everywhere = hands.get("referral", WORKLIST, NURSE, patient_id=patient_id).body["items"]
        rows = hands.get("referral", WORKLIST, NURSE, patient_id=patient_id, **right).body["items"]
        if rows:
            assert len(rows) == 1
            found: dict[str, Any] = rows[0]
            return found
        if everywhere:
            break
        time.sleep(0.1)
    stands = [(row["state"], row["route"], row["priority"]) for row in everywhere]
    raise AssertionError(f"{case.name}: wanted {case.route} {case.priority}, found {stands}")


def test_there_are_forty_cases_or_more_of_every_route_and_priority() -> None:
    assert len(CASES) >= 40
    assert {case.priority for case in CASES} == {"P0", "P1", "P2", "P3", "P4", "P5"}
    assert {case.route for case in CASES} == {
        "emergency",
        "same_day_clinician",
        "surgical_consult",
        "medication_review",
        "physical_therapy",
        "staff_triage",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_on_the_right_worklist(
    hands: Hands, submitted: dict[str, dict[str, Any]], case: Case
) -> None:
    answer = submitted[case.name]
    assert answer["status"] == ("stopped" if case.route == "emergency" else "submitted")
    assert answer["safety"]["kind"] == case.safety
    row = on_worklist(hands, case, answer["patient_id"])
    assert set(row["flags"]) == case.holds
    assert row["urgent"] == (case.priority in ("P0", "P1"))
    assert set(row["secondary_routes"]) == case.secondary
    whole = hands.get("referral", f"{WORKLIST}/{row['id']}", NURSE).body
    assert {hold["flag_id"] for hold in whole["holds"] if hold["cleared_at"] is None} == case.holds
    assert {flag["id"] for flag in whole["decision"]["red_flags"]} == case.flags
    assert {answered["variable"] for answered in whole["answers"]} >= set(case.answers)


def test_an_emergency_and_a_same_day_flag_put_a_call_back_on_the_board(
    hands: Hands, submitted: dict[str, dict[str, Any]]
) -> None:
    tasks: dict[str, set[str]] = {}
    cursor: dict[str, str] = {}
    while True:
        page = hands.get("intake", "/api/intake/v1/callback-tasks", NURSE, limit="100", **cursor).body
        for task in page["items"]:
            tasks.setdefault(task["patient_id"], set()).add(task["action"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    for case in CASES:
        called = tasks.get(submitted[case.name]["patient_id"], set())
        if case.route == "emergency":
            assert "E" in called, case.name
        elif case.route == "same_day_clinician":
            assert called == {"S"}, case.name
        else:
            assert called == set(), case.name


def test_missing_answers_become_questions_and_never_a_route(
    hands: Hands, submitted: dict[str, dict[str, Any]]
) -> None:
    case = next(case for case in CASES if case.name == "skipped the bladder questions")
    row = on_worklist(hands, case, submitted[case.name]["patient_id"])
    decision = hands.get("referral", f"{WORKLIST}/{row['id']}", NURSE).body["decision"]
    assert "RF_CES" in {open_question["id"] for open_question in decision["unknown"]}
    assert row["unknown_count"] > 0
