"""The loop closes only when the patient was seen and somebody said what came of it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.contracts.message_states_changed import MessageStatesChanged
from kernel.ids import new_id
from tests.referral.calendar_steps import booked, change, events, ready_to_book, slots
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

    def delivered(visit: str | None = None) -> dict[str, Any]:
        """Every message to the patient has reached them; return the case as it is then."""
        told = MessageStateChanged(
            message_id=new_id(),
            patient_id=UUID(case["patient_id"]),
            appointment_id=None if visit is None else UUID(visit),
            appointment_version=None if visit is None else 1,
            step="booked",
            channel="sms",
            state="delivered",
            reason="",
            at=staffed.now(),
        )
        data = MessageStatesChanged(states=[told])
        assert staffed.tell("notify", "message_states_changed", new_id(), data).status_code == 204
        return case_of(staffed, case["id"])

    # Neither what was delivered to the patient nor who looked at it accepts, or confirms, anything.
    assert [delivered()[name] for name in ("state", "version")] == [case["state"], case["version"]]
    accepted = staffed.do(case, "accept")
    assert accepted["task_status"] == "accepted"
    visit = booked(staffed, case["id"], slot)
    seen = delivered(visit["id"])
    assert (seen["state"], seen["appointments"][0]["state"]) == ("booked", "booked")


@pytest.mark.capability("L4")
def test_an_outcome_recorded_by_mistake_is_corrected_and_its_attempt_taken_back(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    visit = booked(staffed, referral["id"], slots(staffed, visit_type="pt_evaluation")[0])
    with staffed.session() as session:  # the hour of the visit has come and gone
        session.execute(
            text(
                "UPDATE appointment SET starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days'"
            )
        )
    early = change(staffed, visit, "correct-outcome", {"outcome": "attended"})
    assert (early.status_code, early.json["code"]) == (409, "illegal_state")
    missed = change(staffed, visit, "outcome", {"outcome": "no_show"}).json
    assert missed["allowed"] == ["correct_outcome"]
    same = change(staffed, missed, "correct-outcome", {"outcome": "no_show"})
    assert (same.status_code, same.json["code"]) == (409, "same_outcome")
    body = {"outcome": "attended", "note": "Sat in the other waiting room."}
    came = change(staffed, missed, "correct-outcome", body, actor=PROVIDER)
    assert (came.status_code, came.json["state"]) == (200, "attended"), came.text
    after = case_of(staffed, referral["id"])
    assert (after["state"], after["attempts"]) == ("attended", 0)
    assert "move_correct_outcome" in [item["text_code"] for item in after["timeline"]]
    assert "Sat in the other waiting room." in [item["details"].get("note") for item in after["timeline"]]
    # And the other way round: nobody was here, so the referral is to be booked once more, attempt counted.
    back = change(staffed, came.json, "correct-outcome", {"outcome": "no_show"}).json
    again = case_of(staffed, referral["id"])
    assert (back["state"], again["state"], again["attempts"], again["clock"]) == (
        "no_show",
        "to_book",
        1,
        "run",
    )
    history = staffed.get(f"/appointments/{visit['id']}")["changes"]
    assert [one["kind"] for one in history][-3:] == ["record_outcome", "correct_outcome", "correct_outcome"]
    # The listeners hear each of the three: a text "we missed you" is withdrawn, or planned after all.
    assert events(staffed, "appointment_outcome_recorded") == 3
    once_more = change(staffed, back, "correct-outcome", {"outcome": "attended"}).json
    closed = staffed.do(case_of(staffed, referral["id"]), "close", {"outcome": "improved"})
    late = change(staffed, once_more, "correct-outcome", {"outcome": "no_show"})
    assert (late.status_code, late.json["code"]) == (409, "illegal_move")
    assert case_of(staffed, referral["id"])["version"] == closed["version"]
    ended = staffed.get(f"/appointments/{visit['id']}")
    assert (once_more["allowed"], ended["allowed"]) == (["correct_outcome"], []), (
        "nothing is offered that is refused"
    )


@pytest.mark.capability("L4")
def test_corrected_to_and_fro_after_another_visit_is_booked_the_attempt_is_counted_once(
    staffed: Clinic,
) -> None:
    referral = ready_to_book(staffed)
    first, second = slots(staffed, visit_type="pt_evaluation")[:2]
    visit = booked(staffed, referral["id"], first)
    with staffed.session() as session:  # the hour of the visit has come and gone
        session.execute(
            text(
                "UPDATE appointment SET starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days'"
            )
        )
    visit = change(staffed, visit, "outcome", {"outcome": "no_show"}).json
    booked(staffed, referral["id"], second)
    counts = []
    for outcome in ("attended", "no_show", "attended", "no_show"):
        visit = change(staffed, visit, "correct-outcome", {"outcome": outcome}).json
        counts.append(case_of(staffed, referral["id"])["attempts"])
    assert counts == [0, 1, 0, 1]
    assert case_of(staffed, referral["id"])["state"] == "booked"
