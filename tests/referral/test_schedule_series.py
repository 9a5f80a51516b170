"""Therapy series with their conflicts, and walk-ins on the same board as booked patients."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.referral.rules.board_order import WALK_IN_PATIENCE, Here, board_order
from services.referral.rules.slot_series import series_starts
from tests.referral.calendar_steps import CHICAGO, book, booked, change, events, many_ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, Clinic


@pytest.mark.capability("S13")
def test_twelve_visits_are_planned_with_conflicts_booked_and_cancelled_one_or_all(staffed: Clinic) -> None:
    referral, other = many_ready_to_book(staffed, 2)
    today = staffed.now().astimezone(CHICAGO).date()
    thursday = (today + timedelta(days=7 + (3 - today.weekday()))).isoformat()
    start = slots(staffed, visit_type="therapy_series", provider="tomas_quintero", **{"from": thursday})[0]
    local = datetime.fromisoformat(start["local_start"])
    # Three weeks on, somebody has the therapist alone at that hour.
    third = (local.replace(tzinfo=None) + timedelta(days=14)).isoformat()
    alone = {**start, "visit_type": "pt_evaluation", "starts_at": third}
    taken = book(staffed, other, alone)
    assert taken.status_code == 201, taken.text
    wanted = {
        "provider_id": "tomas_quintero",
        "site_id": "leawood",
        "first_start": start["local_start"][:19],
        "weekdays": [1, 3],
        "count": 12,
    }
    planned = staffed.call("POST", f"/referrals/{referral}/series/check", wanted, actor=FRONT_DESK).json
    assert planned is not None
    in_the_way = {one["number"]: one["conflicts"] for one in planned["planned"] if one["conflicts"]}
    assert (len(planned["planned"]), in_the_way) == (12, {5: ["provider_taken"]})
    # What is free instead lies on none of the other visits of the series.
    taken_up = [
        datetime.fromisoformat(one["starts_at"]) for one in planned["planned"] if not one["conflicts"]
    ]
    instead = [datetime.fromisoformat(one["starts_at"]) for one in planned["planned"][4]["instead"]]
    assert len(instead) == 3
    assert min(abs(at - other) for at in instead for other in taken_up) >= timedelta(minutes=40)
    refused = staffed.call("POST", f"/referrals/{referral}/series", wanted, actor=FRONT_DESK)
    assert refused.json is not None
    assert (refused.status_code, refused.json["conflicts"]) == (
        409,
        [{"number": 5, "conflicts": ["provider_taken"]}],
    )
    done = staffed.call(
        "POST", f"/referrals/{referral}/series", {**wanted, "skip_conflicts": True}, actor=FRONT_DESK
    )
    assert done.status_code == 201, done.text
    series = done.json
    assert series is not None
    assert (len(series["items"]), [one["number"] for one in series["left_out"]]) == (11, [5])
    assert {v["local_start"][11:16] for v in series["items"]} == {start["local_start"][11:16]}
    assert events(staffed, "appointment_booked") == 12
    one = change(staffed, series["items"][3], "cancel", {"reason_code": "patient_unwell"})
    assert one.json["state"] == "cancelled"
    assert staffed.get(f"/referrals/{referral}")["state"] == "booked"

    def cancel_the_rest() -> list[str]:
        (now_is,) = staffed.get(f"/referrals/{referral}")["series"]
        path, why = f"/series/{series['series_id']}/cancel", {"reason_code": "patient_declined"}
        rest = staffed.call("POST", path, why, actor=FRONT_DESK, version=now_is["version"])
        assert rest.json is not None
        return [one["id"] for one in rest.json["items"]]

    def shift_first(by: str) -> None:
        shift = text(
            f"UPDATE appointment SET starts_at = starts_at {by}, ends_at = ends_at {by} WHERE id = :id"
        )
        with staffed.session() as session:
            session.execute(shift, {"id": series["items"][0]["id"]})

    # A visit whose time is over waits for a person's word on what became of it: it is not cancelled with the rest.
    shift_first("- interval '60 days'")
    assert len(cancel_the_rest()) == 9
    assert staffed.get(f"/referrals/{referral}")["state"] == "booked"
    shift_first("+ interval '60 days'")
    assert cancel_the_rest() == [series["items"][0]["id"]]
    case = staffed.get(f"/referrals/{referral}")
    assert (case["state"], case["attempts"]) == ("to_book", 1)


@pytest.mark.capability("S13")
def test_who_is_checked_in_while_the_series_is_cancelled_keeps_that_visit(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    day = (staffed.now() + timedelta(days=7)).date().isoformat()
    start = slots(staffed, visit_type="therapy_series", provider="tomas_quintero", **{"from": day})[0]
    first = datetime.fromisoformat(start["local_start"])
    wanted = {
        "provider_id": "tomas_quintero",
        "site_id": "leawood",
        "first_start": start["local_start"][:19],
        "weekdays": [first.weekday()],
        "count": 3,
    }
    made = staffed.call("POST", f"/referrals/{referral}/series", wanted, actor=FRONT_DESK)
    assert made.status_code == 201, made.text
    assert made.json is not None
    path = f"/series/{made.json['series_id']}/cancel"
    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            session.execute(text("SELECT 1 FROM referral WHERE id = :id FOR UPDATE"), {"id": referral})
            arrived = {"id": made.json["items"][0]["id"]}
            session.execute(text("UPDATE appointment SET state = 'arrived' WHERE id = :id"), arrived)
            body = {"reason_code": "patient_declined"}
            cancelling = beside.submit(
                staffed.call, "POST", path, body, actor=FRONT_DESK, version=made.json["version"]
            )
            blocked = text(
                "SELECT count(*) FROM pg_locks AS mine JOIN pg_locks AS its USING (transactionid)"
                " WHERE mine.pid = pg_backend_pid() AND mine.granted AND NOT its.granted"
            )
            until = time.monotonic() + 30
            while not session.execute(blocked).scalar_one():
                assert not cancelling.done(), cancelling.result().text
                assert time.monotonic() < until
        done = cancelling.result(60)
    assert done.json is not None
    assert (done.status_code, len(done.json["items"])) == (200, 2), done.text
    visits = staffed.get(f"/referrals/{referral}")["appointments"]
    assert sorted(visit["state"] for visit in visits) == ["arrived", "cancelled", "cancelled"]


@pytest.mark.capability("S7", "S13")
def test_a_series_keeps_its_wall_time() -> None:
    first = datetime(2027, 3, 9, 9, 30)
    starts = list(series_starts(first, frozenset({1, 3}), 12))
    assert len(starts) == 12
    assert {s.time() for s in starts} == {first.time()}
    assert [s.weekday() for s in starts] == [1, 3] * 6
    assert starts[-1] - starts[0] == timedelta(days=37)


@pytest.mark.capability("S14")
def test_booked_patients_keep_their_time_and_walk_ins_age_to_the_front() -> None:
    ten = datetime(2026, 11, 24, 16, tzinfo=UTC)
    early = Here("early", ten - timedelta(minutes=50), ten)
    late = Here("late", ten + timedelta(minutes=20), ten + timedelta(minutes=10))
    walk_in = Here("walk-in", ten - timedelta(minutes=70), None)
    fresh = Here("fresh", ten - timedelta(minutes=5), None)
    urgent = Here("urgent", ten, None, urgent=True)
    order = [one.id for one in board_order([fresh, late, walk_in, early, urgent])]
    assert order == ["urgent", "early", "walk-in", "late", "fresh"]
    assert timedelta(minutes=75) == WALK_IN_PATIENCE


@pytest.mark.capability("S14")
def test_a_walk_in_joins_the_board_of_booked_patients(staffed: Clinic) -> None:
    coming, walking = many_ready_to_book(staffed, 2)
    today = slots(staffed, visit_type="pt_evaluation", site="leawood", **{"from": ""})[0]
    assert today["badge"] == "today"
    visit = booked(staffed, coming, today)
    here = staffed.call("POST", f"/referrals/{walking}/walk-ins", {"site_id": "leawood"}, actor=FRONT_DESK)
    assert here.status_code == 201, here.text
    assert here.json is not None
    arrived = change(staffed, visit, "check-in")
    assert arrived.status_code == 200
    board = staffed.get("/board?site=leawood", FRONT_DESK)["items"]
    assert {row["kind"] for row in board} == {"visit", "walk_in"}
    assert [row["turn_at"] for row in board] == sorted(row["turn_at"] for row in board)
    assert board[0]["patient"]["name"].startswith("Test Patient")
    assert staffed.get("/board?site=paola", FRONT_DESK)["items"] == []
    seen = staffed.call("POST", f"/walk-ins/{here.json['id']}/seen", {}, actor=FRONT_DESK, version=1)
    assert seen.json is not None
    assert seen.json["state"] == "seen"
    again = staffed.call("POST", f"/walk-ins/{here.json['id']}/left", {}, actor=FRONT_DESK, version=2)
    assert again.status_code == 409
    assert [row["kind"] for row in staffed.get("/board?site=leawood", FRONT_DESK)["items"]] == ["visit"]
    assert CHICAGO.key == visit["site"]["time_zone"]


@pytest.mark.capability("S14")
def test_a_walk_in_without_a_referral_gets_one_in_triage_and_waits_with_the_others(staffed: Clinic) -> None:
    patient = {"given_name": "Nadia", "family_name": "Okafor", "birth_date": "1991-02-03", "language": "en"}
    body = {"site_id": "garnett", "patient": patient}
    here = staffed.call("POST", "/walk-ins", body, actor=FRONT_DESK)
    assert here.status_code == 201, here.text
    assert here.json is not None
    case = staffed.get(f"/referrals/{here.json['referral_id']}")
    assert (case["state"], case["route"], case["priority"], case["mode"]) == (
        "needs_triage",
        "staff_triage",
        "P1",
        "walk_in",
    )
    (row,) = staffed.get("/board?site=garnett", FRONT_DESK)["items"]
    assert (row["kind"], row["urgent"], row["patient"]["name"]) == ("walk_in", True, "Nadia Okafor")
    # Who has a live referral gets no second one, however the name is written.
    again = staffed.call(
        "POST",
        "/walk-ins",
        {**body, "patient": {**patient, "given_name": "NADIA "}},
        actor=FRONT_DESK,
    )
    assert again.json is not None
    assert again.json["referral_id"] == case["id"]
    for wrong in ({"site_id": "atlantis"}, {"patient": {**patient, "birth_date": "2199-01-01"}}):
        assert staffed.call("POST", "/walk-ins", {**body, **wrong}, actor=FRONT_DESK).status_code == 422
