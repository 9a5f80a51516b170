"""What patients do by their link: choose, confirm, move, cancel; and where a person has to speak with them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.referral.calendar_steps import booked, many_ready_to_book, slots, wish
from tests.referral.conftest import CAUDA_EQUINA, FRONT_DESK, Clinic


def as_intake(clinic: Clinic, method: str, path: str, body: Any = None) -> Any:
    return clinic.call(method, f"/self{path}", body, actor=None, service="intake")


@pytest.mark.capability("S9")
def test_a_patient_chooses_confirms_moves_and_cancels_until_the_cutoff(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    patient = staffed.get(f"/referrals/{referral}")["patient_id"]
    later = (staffed.now() + timedelta(days=7)).date().isoformat()
    far = as_intake(staffed, "GET", f"/referrals/{referral}/slots?from={later}&limit=40").json["items"]
    assert {slot["badge"] for slot in far} == {None}
    chosen = as_intake(staffed, "POST", f"/referrals/{referral}/appointments", wish(far[0]))
    assert chosen.status_code == 201, chosen.text
    visit = chosen.json
    assert (visit["state"], visit["may_change"]) == ("booked", True)
    assert "therapy" not in str(visit["visit_type_name"]).lower()
    said_yes = as_intake(staffed, "POST", f"/appointments/{visit['id']}/confirm", {"visit_version": 1})
    assert said_yes.json["state"] == "confirmed"
    moved = as_intake(
        staffed, "POST", f"/appointments/{visit['id']}/move", {"visit_version": 1, "to": wish(far[-1])}
    )
    assert (moved.status_code, moved.json["result"], moved.json["visit_version"]) == (200, "done", 2)
    old = as_intake(staffed, "POST", f"/appointments/{visit['id']}/cancel", {"visit_version": 1})
    assert (old.status_code, old.json["code"]) == (409, "visit_changed")
    history = staffed.get(f"/appointments/{visit['id']}")["changes"]
    assert {change["actor"]["kind"] for change in history} == {"patient"}
    # Inside the cut-off the wish becomes a call-back, and the slot stays the patient's.
    with staffed.session() as session:
        session.execute(text("UPDATE visit_type SET cutoff_minutes = 60 * 24 * 90"))
    late = as_intake(staffed, "POST", f"/appointments/{visit['id']}/cancel", {"visit_version": 2})
    assert (late.json["result"], late.json["state"], late.json["asks"]) == (
        "call_back",
        "booked",
        "cannot_come",
    )
    assert [v["id"] for v in staffed.get("/appointments?asks=cannot_come")["items"]] == [visit["id"]]
    with staffed.session() as session:
        session.execute(text("UPDATE visit_type SET cutoff_minutes = 60"))
    gone = as_intake(staffed, "POST", f"/appointments/{visit['id']}/cancel", {"visit_version": 2})
    assert (gone.json["result"], gone.json["state"]) == ("done", "cancelled")
    own = as_intake(staffed, "GET", f"/patients/{patient}").json
    assert (own["items"], own["referrals"][0]["may_book"]) == ([], True)


def test_nobody_books_alone_under_a_red_flag_or_with_open_questions(staffed: Clinic) -> None:
    flagged = staffed.submit(CAUDA_EQUINA)
    refused = as_intake(staffed, "GET", f"/referrals/{flagged['id']}/slots")
    assert (refused.status_code, refused.json["code"]) == (409, "call_first")
    assert refused.json["phone"].startswith("+1")
    accepted = staffed.do(staffed.submit(), "accept")
    slot = slots(staffed, visit_type="pt_evaluation")[0]
    unsure = as_intake(staffed, "POST", f"/referrals/{accepted['id']}/appointments", wish(slot))
    assert (unsure.status_code, unsure.json["code"]) == (409, "questions_open")
    booked(staffed, accepted["id"], slot)
    # Staff and patients' own pages are apart: nobody else may use these addresses.
    assert (
        staffed.call("GET", f"/self/patients/{accepted['patient_id']}", actor=FRONT_DESK).status_code == 403
    )
