"""The loop closes only when the patient was seen and somebody said what came of it."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.referral.calendar_steps import booked, change, ready_to_book, slots
from tests.referral.conftest import NURSE, PROVIDER, Clinic


def case_of(clinic: Clinic, referral_id: str) -> dict[str, Any]:
    found: dict[str, Any] = clinic.get(f"/referrals/{referral_id}")
    return found


@pytest.mark.capability("L3")
def test_booking_does_not_close_and_closing_needs_attended_and_an_outcome(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    visit = booked(staffed, referral["id"], slots(staffed, visit_type="pt_evaluation")[0])
    now_booked = case_of(staffed, referral["id"])
    assert now_booked["state"] == "booked"
    assert staffed.get("/referrals?state=booked")["open"] == 1
    close = f"/referrals/{referral['id']}/close"
    early = staffed.call("POST", close, {"outcome": "improved"}, version=now_booked["version"])
    assert (early.status_code, early.json["code"] if early.json else "") == (409, "illegal_move")
    arrived = change(staffed, visit, "check-in").json
    change(staffed, arrived, "outcome", {"outcome": "attended"}, actor=PROVIDER)
    attended = case_of(staffed, referral["id"])
    assert attended["state"] == "attended"
    assert staffed.call("POST", close, {}, version=attended["version"]).status_code == 422
    closed = staffed.do(attended, "close", {"outcome": "improved", "note": "Full range again."})
    assert (closed["state"], closed["outcome"], closed["task_status"]) == ("closed", "improved", "completed")
    assert staffed.get("/referrals")["open"] == 0


@pytest.mark.capability("L4")
def test_no_show_and_cancel_send_it_back_to_book_and_count_the_attempt(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    first, second = slots(staffed, visit_type="pt_evaluation")[:2]
    visit = booked(staffed, referral["id"], first)
    change(staffed, visit, "cancel", {"reason_code": "patient_unwell"})
    again = case_of(staffed, referral["id"])
    assert (again["state"], again["attempts"], again["clock"]) == ("to_book", 1, "run")
    visit = booked(staffed, referral["id"], second)
    with staffed.session() as session:  # the hour of the visit has come and gone
        session.execute(
            text(
                "UPDATE appointment SET starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days'"
            )
        )
    done = change(staffed, visit, "outcome", {"outcome": "no_show"}, actor=PROVIDER)
    assert done.status_code == 200, done.text
    after = case_of(staffed, referral["id"])
    assert (after["state"], after["attempts"]) == ("to_book", 2)
    moves = [i["text_code"] for i in after["timeline"] if i["kind"] == "move"]
    assert moves.count("move_book") == 2
    assert moves.count("move_cancel_visit") == 2


@pytest.mark.capability("L2")
def test_delivered_is_not_accepted(staffed: Clinic) -> None:
    case = staffed.submit()
    assert (case["state"], case["task_status"]) == ("needs_triage", "received")
    assert case["business_status"] == "needs-triage"
    slot = slots(staffed, visit_type="pt_evaluation")[0]
    body = {
        "visit_type": "pt_evaluation",
        "provider_id": slot["provider"]["id"],
        "site_id": slot["site"]["id"] if isinstance(slot["site"], dict) else slot["site"],
        "starts_at": slot["starts_at"],
    }
    refused = staffed.call("POST", f"/referrals/{case['id']}/appointments", body, actor=NURSE)
    assert (refused.status_code, refused.json["code"] if refused.json else "") == (409, "illegal_move")
    assert staffed.do(case, "accept")["task_status"] == "accepted"
