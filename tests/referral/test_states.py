"""One table of moves: what it allows happens and is appended, what it does not allow is refused with the list."""

import itertools
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.referral.actions.move_referral import move_referral
from services.referral.queries.referrals import find_referral
from services.referral.rules.referral_states import MOVES, OPEN_STATES, STATES, allowed_deeds, deed_of, may_do
from tests.referral.conftest import NURSE, Clinic

TASK_STATUSES = {
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
}


def test_the_table_names_known_states_and_every_open_state_can_end() -> None:
    for move in MOVES:
        assert {move.to_state, *move.from_states} <= set(STATES)
    assert {state.task_status for state in STATES.values()} <= TASK_STATUSES
    reached = {"closed", "declined", "withdrawn", "handed_over"}
    for _ in STATES:
        reached |= {o for m in MOVES for o in m.from_states if m.to_state in reached}
    assert set(OPEN_STATES) <= reached


def test_no_visit_happens_without_triage_and_nothing_closes_without_attending() -> None:
    assert [m.from_states for m in MOVES if m.to_state == "closed"] == [("attended",)]
    assert deed_of("received", "booked") is None
    assert deed_of("needs_triage", "booked") is None
    assert deed_of("booked", "closed") is None
    assert not may_do("accept", "closed", "accepted")


@pytest.mark.capability("L1")
def test_every_illegal_move_is_refused_with_what_is_allowed_and_leaves_nothing(clinic: Clinic) -> None:
    """BAD-61."""
    case = clinic.submit()
    closed = clinic.do(case, "decline", {"reason_code": "outside_our_scope", "note": "Other city."})
    refused = clinic.call("POST", f"/referrals/{case['id']}/accept", {}, version=closed["version"])
    assert refused.status_code == 409
    assert refused.json is not None
    assert (refused.json["code"], refused.json["state"]) == ("illegal_move", "declined")
    assert refused.json["allowed"] == allowed_deeds("declined") == ["reopen"]
    after = clinic.get(f"/referrals/{case['id']}")
    assert after["version"] == closed["version"]
    last = [item for item in after["timeline"] if item["kind"] == "move"][-1]
    assert (last["actor"]["id"], last["details"]["reason_code"]) == ("nurse-1", "outside_our_scope")
    assert last["details"]["note"] == "Other city."


@pytest.mark.capability("L1")
def test_the_action_refuses_each_pair_the_table_does_not_have(clinic: Clinic) -> None:
    case = clinic.submit()
    pairs = [p for p in itertools.product(STATES, STATES) if deed_of(*p) is None]
    assert len(pairs) > 100
    with clinic.session() as session:
        referral = find_referral(session, _id(case), lock=True)
        assert referral is not None
        for origin, target in pairs:
            referral.state = origin
            with pytest.raises(Exception, match="409 illegal_move"):
                move_referral(session, NURSE, referral, target)
            assert referral.version == case["version"]
        referral.state = case["state"]


@pytest.mark.capability("L1")
def test_moves_are_only_ever_added(clinic: Clinic) -> None:
    clinic.submit()
    for statement in ("UPDATE referral_move SET reason_code = 'x'", "DELETE FROM referral_move"):
        with pytest.raises(DBAPIError) as raised, clinic.session() as session:
            session.execute(text(statement))
        assert isinstance(raised.value.orig, psycopg.Error)


def test_a_decline_and_a_redirect_take_a_listed_reason_only(clinic: Clinic) -> None:
    """BAD-62 and BAD-63: routes and codes nobody lists, an empty override reason, a note over 2,000 characters."""
    case = clinic.submit()
    for deed, body in (
        ("decline", {"reason_code": "because"}),
        ("decline", {}),
        ("redirect", {"route": "medication_review", "reason_code": ""}),
        ("redirect", {"route": "spa", "reason_code": "capacity"}),
        ("redirect", {"route": "physical_therapy", "reason_code": "capacity"}),
        ("ask", {"note": "  "}),
        ("decline", {"reason_code": "duplicate", "note": "x" * 2001}),
        ("defer", {"until": "2020-01-01"}),
        ("defer", {"until": "soon"}),
        ("accept", {"note": "", "role": "admin"}),
        ("clear-hold", {"reason_code": "assessed_by_clinician", "note": ""}),
    ):
        answer = clinic.call("POST", f"/referrals/{case['id']}/{deed}", body, version=case["version"])
        assert answer.status_code == 422, (deed, body, answer.text)
        assert answer.json is not None
        assert answer.json["errors"]
    assert clinic.get(f"/referrals/{case['id']}")["version"] == case["version"]


def _id(case: dict[str, Any]) -> Any:
    from uuid import UUID

    return UUID(case["id"])
