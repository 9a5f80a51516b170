"""The worklist: its order, its counts, its filters and pages, and what a second reader is told."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel.context import Actor
from kernel.ids import new_id
from services.referral.actions.fold_tallies import fold_tallies
from services.referral.actions.mark_breaches import mark_breaches
from services.referral.routes.kept_rows import KeptRows
from services.referral.rules.worklist_order import worklist_rank
from tests.referral.conftest import CAUDA_EQUINA, FRONT_DESK, NECK_PAIN, NURSE, Clinic

SAME_DAY = {**NECK_PAIN, "limb_weakness": "new_or_worse"}


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["items"]]


@pytest.mark.capability("T9")
def test_order_is_red_flag_then_breaching_then_priority_then_due(clinic: Clinic) -> None:
    weeks_ago = clinic.now() - timedelta(days=40)
    routine = clinic.submit(NECK_PAIN)
    earlier = clinic.submit(NECK_PAIN, submitted_at=clinic.now() - timedelta(days=2))
    late = clinic.submit(NECK_PAIN, submitted_at=weeks_ago)
    two_weeks = clinic.submit({**NECK_PAIN, "nprs_now": 9})
    flagged = clinic.submit(SAME_DAY)
    emergency = clinic.submit(CAUDA_EQUINA)
    assert two_weeks["priority"] == "P4"
    assert late["breaching"]
    expected = [emergency, flagged, late, two_weeks, earlier, routine]
    assert ids(clinic.get("/referrals")) == [case["id"] for case in expected]


def test_the_database_ranks_as_the_rule_does(clinic: Clinic) -> None:
    case = clinic.submit()
    with clinic.session() as session:
        for flagged in (True, False):
            for breached in (True, False):
                for priority in ("P0", "P1", "P2", "P3", "P4", "P5"):
                    rank = session.execute(
                        text(
                            "UPDATE referral SET flagged = :f, breached = :b, priority = :p WHERE id = :id"
                            " RETURNING worklist_rank"
                        ),
                        {"f": flagged, "b": breached, "p": priority, "id": case["id"]},
                    ).scalar_one()
                    assert rank == worklist_rank(flagged, breached, priority)


@pytest.mark.capability("T9")
def test_a_row_that_was_listed_is_shown_as_it_is_now_and_as_the_next_reader_may_see_it(
    clinic: Clinic,
) -> None:
    case = clinic.submit(SAME_DAY)
    (first,) = clinic.get("/referrals")["items"]
    assert first == clinic.get("/referrals")["items"][0]
    assert {name: value for name, value in case.items() if name in first} == first
    assert first["flags"]
    (desk,) = clinic.get("/referrals", FRONT_DESK)["items"]
    assert (desk["flags"], desk["proposed_route"], desk["allowed_moves"]) == ([], None, [])
    changes = ("owner_name = 'Kim', owner_id = 'k'", "escalated_at = now()", "site = 'paola'")
    for number, change in enumerate(changes):
        with clinic.session() as session:
            session.execute(text(f"UPDATE referral SET {change}"))
        (row,) = clinic.get("/referrals")["items"]
        assert (row["owner"] is not None, row["escalated_at"] is not None, row["site"]) == (
            True,
            number > 0,
            "paola" if number > 1 else "",
        )
    with clinic.session() as session:
        session.execute(text("UPDATE referral_hold SET cleared_at = now()"))
    assert clinic.get("/referrals")["items"][0]["flags"] == []


def test_a_clock_that_runs_out_is_marked(clinic: Clinic) -> None:
    case = clinic.submit()
    with clinic.session() as session:
        session.execute(text("UPDATE referral SET due_at = due_at - interval '60 days'"))
        mark_breaches(session)
    assert clinic.get(f"/referrals/{case['id']}")["breaching"]


@pytest.mark.capability("L13")
def test_counts_by_state_add_up_to_all_open_before_and_after_folding(clinic: Clinic) -> None:
    cases = [clinic.submit() for _ in range(6)]
    clinic.do(cases[0], "accept")
    clinic.do(cases[1], "ask", {"note": "Which side?"})
    clinic.do(cases[2], "defer", {"until": (clinic.now() + timedelta(days=3)).isoformat()})
    clinic.do(cases[3], "decline", {"reason_code": "duplicate"})
    for _ in range(2):
        page = clinic.get("/referrals")
        expected = {"to_book": 1, "waiting_on_patient": 1, "deferred": 1, "needs_triage": 2}
        assert {state: many for state, many in page["counts"].items() if many} == expected
        assert page["open"] == sum(page["counts"].values()) == len(page["items"]) == 5
        for state, many in page["counts"].items():
            assert len(clinic.get(f"/referrals?state={state}")["items"]) == many
        with clinic.session() as session:
            fold_tallies(session)
            assert session.execute(text("SELECT count(*) FROM referral_tally")).scalar_one() == 5


def test_pages_follow_one_another_without_gap_or_repeat(clinic: Clinic) -> None:
    made = [clinic.submit(answers)["id"] for answers in (NECK_PAIN, SAME_DAY, NECK_PAIN, NECK_PAIN, SAME_DAY)]
    whole = ids(clinic.get("/referrals"))
    assert sorted(whole) == sorted(made)
    paged: list[str] = []
    cursor = ""
    while True:
        page = clinic.get(f"/referrals?limit=2{cursor}")
        paged += ids(page)
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole


def test_filters_narrow_and_say_how_many_urgent_ones_they_hide(clinic: Clinic) -> None:
    neck = clinic.submit(NECK_PAIN, preferred_site="paola")
    clinic.submit(CAUDA_EQUINA, preferred_site="garnett")
    page = clinic.get("/referrals?route=physical_therapy")
    assert (ids(page), page["hidden_urgent"]) == ([neck["id"]], 1)
    assert ids(clinic.get("/referrals?site=paola")) == [neck["id"]]
    assert clinic.get("/referrals")["hidden_urgent"] == 0
    paola_only = Actor("staff", "nurse-2", "nurse", "Ny", sites=("paola",))
    assert ids(clinic.get("/referrals", paola_only)) == [neck["id"]]
    elsewhere = clinic.get("/referrals?site=garnett")["items"][0]
    assert clinic.call("GET", f"/referrals/{elsewhere['id']}", actor=paola_only).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=abc",
        "limit=1&limit=2",
        "state=nope",
        "sort=;drop",
        "priority=P9",
    ],
)
def test_a_bad_query_is_refused(clinic: Clinic, query: str) -> None:
    answer = clinic.call("GET", f"/referrals?{query}")
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMiwzXQ", "%00", "e30"])
def test_a_cursor_this_list_did_not_give_is_refused(clinic: Clinic, cursor: str) -> None:
    assert clinic.call("GET", f"/referrals?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("bad", ["0", "-1", "nope", "018f0000-0000-7000-8000-000000000001", "' OR 1=1"])
def test_an_unknown_id_is_one_404(clinic: Clinic, bad: str) -> None:
    answer = clinic.call("GET", f"/referrals/{bad}")
    assert answer.status_code == 404


@pytest.mark.fault("F47")
def test_a_second_reader_is_told_what_changed(clinic: Clinic) -> None:
    case = clinic.submit()
    clinic.do(case, "accept")
    path = f"/referrals/{case['id']}/decline"
    body = {"reason_code": "duplicate"}
    late = clinic.call("POST", path, body, version=case["version"])
    assert late.status_code == 412
    assert late.json is not None
    assert late.json["current"]["state"] == "to_book"
    assert clinic.call("POST", path, body).status_code == 428
    assert clinic.call("POST", path, body, headers={"If-Match": "*"}).status_code == 412
    without_key = clinic.call("POST", path, body, version=case["version"], headers={"Idempotency-Key": ""})
    assert without_key.status_code == 400


def test_a_repeated_key_replays_the_first_answer(clinic: Clinic) -> None:
    case = clinic.submit()
    path, key = f"/referrals/{case['id']}/accept", str(new_id())
    first = clinic.call("POST", path, {}, version=case["version"], key=key, actor=NURSE)
    again = clinic.call("POST", path, {}, version=case["version"], key=key, actor=NURSE)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert again.headers["Idempotent-Replay"] == "true"
    assert first.headers["ETag"] == again.headers["ETag"]


def test_two_who_find_a_generation_of_kept_rows_over_put_it_away_once() -> None:
    kept = KeptRows(most=1)
    waiting: list[int] = []

    class Counted:
        """The lock of the rows, which tells who comes to it."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self.acquire, self.release = self._lock.acquire, self._lock.release

        def __enter__(self) -> None:
            waiting.append(1)
            self.acquire()

        def __exit__(self, *_: object) -> None:
            self.release()

    lock = Counted()
    kept._lock = lock  # type: ignore[assignment]
    kept.put("row", "as it was written")
    lock.acquire()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(kept.get, "another") for _ in range(2)]
        until = time.monotonic() + 30
        while len(waiting) < 2:
            assert time.monotonic() < until
            time.sleep(0.001)
        lock.release()
        assert [one.result(30) for one in both] == [None, None]
    assert kept.get("row") == "as it was written"
