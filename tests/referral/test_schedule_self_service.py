"""What patients do by their link: choose, confirm, move, cancel; and where a person has to speak with them."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.ids import new_id
from services.intake.routes.own_schedule import same_place
from services.referral.model.referral import Referral
from services.referral.rules.open_warnings import open_warnings
from tests.referral.calendar_steps import CHICAGO, booked, many_ready_to_book, slots, wish
from tests.referral.conftest import CAUDA_EQUINA, FRONT_DESK, Clinic


def as_intake(clinic: Clinic, method: str, path: str, body: Any = None) -> Any:
    return clinic.call(method, f"/self{path}", body, actor=None, service="intake")


@pytest.mark.capability("S9")
def test_a_patient_chooses_confirms_moves_and_cancels_until_the_cutoff(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    later = (staffed.now() + timedelta(days=7)).date().isoformat()
    page = as_intake(staffed, "GET", f"/referrals/{referral}/slots?from={later}&limit=40").json
    far = page["items"]
    assert {one["site"] for one in far} <= {one["id"] for one in page["sites"]}
    assert {slot["badge"] for slot in far} == {None}
    chosen = as_intake(staffed, "POST", f"/referrals/{referral}/appointments", wish(far[0]))
    assert chosen.status_code == 201, chosen.text
    visit = chosen.json
    assert (visit["state"], visit["may_change"]) == ("booked", True)
    assert "therapy" not in str(visit["visit_type_name"]).lower()
    # Who has a time chooses no other: they move the one they have.
    for more in (
        as_intake(staffed, "GET", f"/referrals/{referral}/slots?from={later}"),
        as_intake(staffed, "POST", f"/referrals/{referral}/appointments", wish(far[1])),
    ):
        assert (more.status_code, more.json["code"]) == (409, "not_ready")
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
    # So does a wish to move: the patient's page chose no time and names the visit's own place.
    own_now = as_intake(staffed, "GET", f"/referrals/{referral}").json["items"][0]
    asked = as_intake(
        staffed, "POST", f"/appointments/{visit['id']}/move", {"visit_version": 2, "to": same_place(own_now)}
    )
    assert (asked.status_code, asked.json["result"]) == (200, "call_back"), asked.text
    assert (asked.json["state"], asked.json["starts_at"]) == ("booked", own_now["starts_at"])
    with staffed.session() as session:
        session.execute(text("UPDATE visit_type SET cutoff_minutes = 60"))
    gone = as_intake(staffed, "POST", f"/appointments/{visit['id']}/cancel", {"visit_version": 2})
    assert (gone.json["result"], gone.json["state"]) == ("done", "cancelled")
    own = as_intake(staffed, "GET", f"/referrals/{referral}").json
    assert (own["items"], own["referrals"][0]["may_book"]) == ([], True)


@pytest.mark.capability("S9")
def test_a_link_never_changes_the_kind_of_visit(staffed: Clinic) -> None:
    """The form's hidden field is the patient's to alter; what they may book is not."""
    (referral,) = many_ready_to_book(staffed, 1)
    later = (staffed.now() + timedelta(days=7)).date().isoformat()

    def first(kind: str) -> dict[str, Any]:
        return wish(slots(staffed, visit_type=kind, **{"from": later})[0])

    path = f"/referrals/{referral}/appointments"
    refused = as_intake(staffed, "POST", path, first("pt_follow_up"))
    assert (refused.status_code, refused.json["code"]) == (409, "slot_not_offered")
    assert {one["visit_type"] for one in refused.json["alternatives"]} == {"pt_evaluation"}
    visit = as_intake(staffed, "POST", path, first("pt_evaluation"))
    assert visit.status_code == 201, visit.text
    move = f"/appointments/{visit.json['id']}/move"
    for kind in ("surgical_consult", "pt_follow_up"):
        moved = as_intake(staffed, "POST", move, {"visit_version": 1, "to": first(kind)})
        assert (moved.status_code, moved.json["code"]) == (409, "slot_not_offered"), kind
        assert {one["visit_type"] for one in moved.json["alternatives"]} == {"pt_evaluation"}
    stands = staffed.get(f"/appointments/{visit.json['id']}")
    assert (stands["visit_type"], stands["visit_version"]) == ("pt_evaluation", 1)


@pytest.mark.capability("S9")
def test_times_are_listed_once_and_a_moving_visit_is_in_nobodys_way(staffed: Clinic) -> None:
    """Four times a day are four times, whoever is free then; the own visit hides none of those beside it."""
    referral, other = many_ready_to_book(staffed, 2)
    monday = staffed.now().astimezone(CHICAGO).date() + timedelta(days=7)
    monday -= timedelta(days=monday.weekday())
    begins = f"from={monday.isoformat()}&limit=40"

    def times(query: str, of: str = referral) -> list[tuple[str, str]]:
        answer = as_intake(staffed, "GET", f"/referrals/{of}/slots?{begins}&{query}").json
        assert {one["visit_type"] for one in answer["items"]} == {"pt_evaluation"}
        return [(one["site"], one["starts_at"]) for one in answer["items"]]

    crowd = slots(staffed, visit_type="pt_evaluation", site="leawood", **{"from": monday.isoformat()})
    assert len({one["starts_at"] for one in crowd}) < len(crowd), "two people are free at one time"
    listed = times("site=leawood&per_day=4&days=9")
    assert len(set(listed)) == len(listed)
    per_day = Counter(starts_at[:10] for _, starts_at in listed)
    assert set(per_day.values()) == {4}
    assert len(per_day) == 8, "Monday to Saturday, and two days more: past what is searched first"
    # Paola has one treatment room, and who moves stays in it until then.
    whole_day = "site=paola&per_day=40&days=1"
    before = times(whole_day)
    found = as_intake(staffed, "GET", f"/referrals/{referral}/slots?{begins}&{whole_day}").json["items"]
    visit = as_intake(staffed, "POST", f"/referrals/{referral}/appointments", wish(found[3])).json
    assert len(times(whole_day, other)) < len(before) - 1
    assert times(f"{whole_day}&appointment_id={visit['id']}") == before[:3] + before[4:]
    beside = {"visit_version": 1, "to": wish(found[4])}
    assert as_intake(staffed, "POST", f"/appointments/{visit['id']}/move", beside).status_code == 200


@pytest.mark.capability("S9")
def test_nobody_under_a_red_flag_is_shown_times_that_would_be_refused(staffed: Clinic) -> None:
    """A hold on any referral of the patient, also for a visit that is to move."""
    referral, other = many_ready_to_book(staffed, 2)
    visit = booked(staffed, referral, slots(staffed, visit_type="pt_evaluation")[0])
    moving = f"/referrals/{referral}/slots?appointment_id={visit['id']}"
    assert as_intake(staffed, "GET", moving).status_code == 200
    with staffed.session() as session:
        held = session.get_one(Referral, UUID(other))
        held.patient_id, held.flagged = session.get_one(Referral, UUID(referral)).patient_id, True
    refused = as_intake(staffed, "GET", moving)
    assert (refused.status_code, refused.json["code"]) == (409, "call_first")
    assert refused.json["phone"].startswith("+1")
    own = as_intake(staffed, "GET", f"/referrals/{referral}").json
    assert [one["why_not"] for one in own["referrals"]] == ["call_first"]
    assert [one["id"] for one in own["items"]] == [visit["id"]]


@pytest.mark.capability("S9")
def test_acceptance_settles_ordinary_questions_and_open_warning_signs_wait_for_a_clinician(
    staffed: Clinic,
) -> None:
    """BAD-59 by link: a flag stops everything; an unanswered warning sign stops a first time chosen alone."""
    flagged = staffed.submit(CAUDA_EQUINA)
    refused = as_intake(staffed, "GET", f"/referrals/{flagged['id']}/slots")
    assert (refused.status_code, refused.json["code"]) == (409, "call_first")
    assert refused.json["phone"].startswith("+1")
    # Three answers and no other: many questions open, warning signs among them.
    case = staffed.submit()
    warned = case["open_warnings"]
    assert {"RF_CES", "SN04"} <= set(warned)
    assert "BP01" not in warned, "measured at the visit"
    assert len(warned) < case["unknown_count"]
    accepted = staffed.do(case, "accept", {"settled": warned[:1]})
    assert accepted["open_warnings"] == warned[1:]
    assert not accepted["may_book_alone"]
    slot = slots(staffed, visit_type="pt_evaluation")[0]
    path = f"/referrals/{case['id']}"
    unsure = as_intake(staffed, "POST", f"{path}/appointments", wish(slot))
    assert (unsure.status_code, unsure.json["code"]) == (409, "questions_open")
    assert unsure.json["phone"].startswith("+1")
    assert as_intake(staffed, "GET", path).json["referrals"][0]["why_not"] == "questions_open"
    assert "settle_warnings" in staffed.get(path)["allowed_moves"]
    # What was not shown cannot be settled; the front desk settles nothing; a nurse does.
    strange = staffed.call(
        "POST", f"{path}/settle-warnings", {"settled": ["RF_NEW"]}, version=accepted["version"]
    )
    problem: Any = strange.json
    assert (strange.status_code, problem["errors"][0]["field"]) == (422, "json.settled.0")
    body = {"settled": warned[1:]}
    assert (
        staffed.call("POST", f"{path}/settle-warnings", body, actor=FRONT_DESK, version=1).status_code == 403
    )
    settled = staffed.do(accepted, "settle-warnings", body)
    assert (settled["open_warnings"], settled["may_book_alone"]) == ([], True)
    # The ordinary questions are as open as before, and stand in nobody's way.
    assert settled["unknown_count"] == case["unknown_count"]
    assert as_intake(staffed, "POST", f"{path}/appointments", wish(slot)).status_code == 201


def test_what_code_of_the_release_before_writes_is_not_without_open_warnings(staffed: Clinic) -> None:
    """An upgrade migrates first, then replaces the servers: what the old ones write meanwhile asks for a call."""
    (referral,) = many_ready_to_book(staffed, 1)
    own = as_intake(staffed, "GET", f"/referrals/{referral}").json["referrals"][0]
    assert own["may_book"], "the code that knows the column writes its list"
    known = ", ".join(
        column.name
        for column in Referral.__table__.columns
        if not column.computed
        and column.name not in ("id", "submission_id", "open_warnings", "settled_warnings")
    )
    older = new_id()
    with staffed.session() as session:
        session.execute(
            text(
                f"INSERT INTO referral (id, submission_id, {known})"
                f" SELECT :new, :sent, {known} FROM referral WHERE id = :of"
            ),
            {"new": older, "sent": new_id(), "of": referral},
        )
    refused = as_intake(staffed, "GET", f"/referrals/{older}/slots")
    assert (refused.status_code, refused.json["code"]) == (409, "questions_open")


@pytest.mark.capability("S9", "T14")
def test_new_answers_open_what_was_settled_and_findings_of_staff_do_not(staffed: Clinic) -> None:
    submitted = staffed.submission()
    assert staffed.tell("intake", "intake_submitted", submitted.submission_id, submitted).status_code == 204
    case = staffed.case_of(submitted)
    accepted = staffed.do(case, "accept", {"settled": case["open_warnings"]})
    found = staffed.do(accepted, "findings", {"answers": {"fever": False}})
    assert (found["state"], found["open_warnings"]) == ("to_book", [])
    again = staffed.submission(corrects=submitted.submission_id, patient_id=submitted.patient_id)
    assert staffed.tell("intake", "intake_submitted", again.submission_id, again).status_code == 204
    corrected = staffed.case_of(again)
    assert (corrected["state"], corrected["settled_warnings"]) == ("needs_triage", [])
    assert "RF_CES" in corrected["open_warnings"]
    ended = staffed.do(corrected, "withdraw", {"reason_code": "patient_withdrew"})
    assert (ended["state"], ended["allowed_moves"]) == ("withdrawn", ["reopen"]), (
        "there is nothing left to settle"
    )


def test_staff_book_whoever_they_speak_with(staffed: Clinic) -> None:
    accepted = staffed.do(staffed.submit(), "accept")
    visit = booked(staffed, accepted["id"], slots(staffed, visit_type="pt_evaluation")[0])
    # A booked visit may be moved by link: times of its own kind, and nobody else's visit.
    far = (staffed.now() + timedelta(days=9)).date().isoformat()
    listed = as_intake(
        staffed, "GET", f"/referrals/{accepted['id']}/slots?from={far}&appointment_id={visit['id']}"
    ).json
    assert listed["visit_type"] == "pt_evaluation"
    assert listed["items"]
    (other,) = many_ready_to_book(staffed, 1)
    strange = as_intake(staffed, "GET", f"/referrals/{other}/slots?appointment_id={visit['id']}")
    assert strange.status_code == 404
    # Staff and patients' own pages are apart: nobody else may use these addresses.
    assert staffed.call("GET", f"/self/referrals/{accepted['id']}", actor=FRONT_DESK).status_code == 403


def test_only_what_the_patient_left_out_is_an_open_warning() -> None:
    unknown = [
        {"id": "CES", "kind": "red_flag", "variables": ["saddle_numbness"]},
        {"id": "AGE", "kind": "red_flag", "variables": ["headache_new"]},
        {"id": "INJURY", "kind": "red_flag", "variables": ["injury_days"]},
        {"id": "EXAM", "kind": "red_flag", "variables": ["temporal_tender"]},
        {"id": "BP01", "kind": "red_flag", "variables": ["bp_systolic"]},
        {"id": "PT1", "kind": "rule", "variables": ["hx_quality"]},
    ]
    actions = {"CES": "E", "AGE": "U", "INJURY": "S", "EXAM": "S", "BP01": "E"}
    asked = open_warnings(unknown, actions, not_asked={"injury_days", "temporal_tender"})
    assert asked == ["CES"]
    assert open_warnings(unknown, actions) == ["CES", "INJURY", "EXAM"]
