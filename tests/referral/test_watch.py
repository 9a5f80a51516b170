"""Clocks pause, alarms are given once, and what is stuck says what would free it."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from services.referral.actions.escalate_due import escalate_due
from services.referral.actions.escalate_stuck import escalate_stuck
from services.referral.actions.mark_breaches import mark_breaches
from services.referral.actions.raise_alarm import raise_alarm
from services.referral.actions.return_deferred import return_deferred
from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation
from tests.referral.calendar_steps import events
from tests.referral.conftest import FRONT_DESK, MANAGER, NECK_PAIN, NURSE, PROVIDER, Clinic


def at(text_time: str) -> datetime:
    return datetime.fromisoformat(text_time)


def age(clinic: Clinic, referral: dict[str, Any], column: str, hours: float) -> None:
    with clinic.session() as session:
        session.execute(
            text(f"UPDATE referral SET {column} = {column} - make_interval(hours => :hours) WHERE id = :id"),
            {"hours": hours, "id": referral["id"]},
        )


def watch(clinic: Clinic) -> tuple[int, int]:
    with clinic.session() as session:
        mark_breaches(session)
        return escalate_due(session), escalate_stuck(session)


@pytest.mark.capability("T10")
def test_a_clock_runs_in_business_hours_pauses_for_the_patient_and_escalates_once(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "limb_weakness": "new_or_worse"})
    assert case["priority"] == "P1"
    assert at(case["due_at"]) - at(case["submitted_at"]) == timedelta(hours=2)  # Tuesday, 10:00 to 12:00

    asked = clinic.do(case, "ask", {"note": "Which arm?"})
    assert asked["clock"] == "pause"
    age(clinic, asked, "due_at", 30)
    assert watch(clinic)[0] == 0
    resumed = clinic.do(asked, "resume")
    assert resumed["clock"] == "run"
    left = at(resumed["due_at"]) - clinic.now()
    assert timedelta(hours=1, minutes=55) < left <= timedelta(hours=2)

    age(clinic, resumed, "due_at", 30)
    assert [watch(clinic)[0] for _ in range(4)] == [1, 0, 0, 0]
    radar = clinic.get("/radar")["items"]
    assert [(a["kind"], a["referral"]["id"]) for a in radar] == [("due", case["id"])]
    taken = clinic.call("POST", f"/radar/{radar[0]['id']}/acknowledge", {}, actor=PROVIDER, version=1)
    assert taken.status_code == 200
    assert clinic.get("/radar")["items"][0]["acknowledged_by"] == "provider-1"


@pytest.mark.capability("T10")
def test_a_clock_follows_the_hours_and_the_holidays_of_the_referrals_own_site(staffed: Clinic) -> None:
    """Paola shuts at eleven and is closed on the next day: two hours from Tuesday ten end there two days later."""
    today = staffed.now().astimezone(ZoneInfo("America/Chicago")).date()
    holiday = {
        "site_id": "paola",
        "starts_at": (today + timedelta(days=1)).isoformat(),
        "ends_at": (today + timedelta(days=2)).isoformat(),
        "reason": "holiday",
    }
    assert staffed.call("POST", "/closures", holiday, actor=MANAGER).status_code == 201
    with staffed.session() as session:
        session.execute(
            text("UPDATE site_hours SET until_minute = 660 WHERE site_id = 'paola' AND weekday = 1")
        )
        opens = session.execute(
            text("SELECT min(from_minute) FROM site_hours WHERE site_id = 'paola' AND weekday = 3")
        ).scalar_one()
    same_day = {**NECK_PAIN, "limb_weakness": "new_or_worse"}
    at_paola, elsewhere = (staffed.submit(same_day, preferred_site=site) for site in ("paola", "leawood"))
    due = at(at_paola["due_at"]).astimezone(ZoneInfo("America/Chicago"))
    assert at(elsewhere["due_at"]) - at(elsewhere["submitted_at"]) == timedelta(hours=2)
    assert due.date() == today + timedelta(days=2)
    # What was left of the two hours at eleven, whatever the second at which the test began.
    closes = datetime.combine(today, time(11), ZoneInfo("America/Chicago"))
    left = timedelta(hours=2) - (closes - at(at_paola["submitted_at"]))
    assert (
        due.replace(tzinfo=None)
        == datetime.combine(today + timedelta(days=2), time(opens // 60, opens % 60)) + left
    )


@pytest.mark.capability("L5")
def test_the_radar_shows_what_is_stuck_with_owner_and_what_unblocks_it_and_forgets_what_moved(
    clinic: Clinic,
) -> None:
    waiting, fresh = clinic.submit(), clinic.submit()
    ready = clinic.do(clinic.submit(), "accept")
    age(clinic, waiting, "state_since", 24 * 6)
    age(clinic, ready, "state_since", 24 * 6)
    assert watch(clinic)[1] == 2
    assert watch(clinic)[1] == 0
    # Told once, to whoever had it then and to the managers, also when two clocks look at one moment.
    with clinic.session() as session:
        row = session.get_one(Referral, UUID(ready["id"]))
        assert not raise_alarm(session, row, "stuck", row.state_since)
        alarms = session.execute(select(Escalation.referral_id, Escalation.owner_id)).all()
        assert {str(one): owner for one, owner in alarms} == {waiting["id"]: "", ready["id"]: "nurse-1"}
    assert events(clinic, "staff_alerted") == 2
    radar = {item["referral"]["id"]: item for item in clinic.get("/radar")["items"]}
    assert set(radar) == {waiting["id"], ready["id"]}
    assert fresh["id"] not in radar
    shown = radar[ready["id"]]
    assert (shown["kind"], shown["limit_business_hours"]) == ("stuck", 18)
    assert shown["business_hours"] > 18
    assert "slot" in shown["unblocks"]
    assert shown["referral"]["owner"]["id"] == "nurse-1"
    clinic.do(clinic.get(f"/referrals/{waiting['id']}"), "accept")
    assert [item["referral"]["id"] for item in clinic.get("/radar")["items"]] == [ready["id"]]
    assert clinic.get("/radar?owner=nobody")["items"] == []


@pytest.mark.capability("L5")
def test_nights_and_weekends_do_not_make_a_referral_stuck(clinic: Clinic) -> None:
    case = clinic.submit()
    age(clinic, case, "state_since", 20)  # since Monday 14:00: six business hours of eight
    assert watch(clinic)[1] == 0
    age(clinic, case, "state_since", 4)  # since Monday 10:00: nine
    assert watch(clinic)[1] == 1


@pytest.mark.capability("T15")
def test_a_deferred_referral_returns_by_itself_when_its_day_comes(clinic: Clinic) -> None:
    case = clinic.submit()
    deferred = clinic.do(case, "defer", {"until": (clinic.now() + timedelta(days=2)).isoformat()})
    assert (deferred["state"], deferred["clock"]) == ("deferred", "pause")
    with clinic.session() as session:
        assert return_deferred(session) == 0
    age(clinic, deferred, "deferred_until", 49)
    with clinic.session() as session:
        assert return_deferred(session) == 1
    back = clinic.get(f"/referrals/{case['id']}")
    assert (back["state"], back["clock"], back["deferred_until"]) == ("needs_triage", "run", None)
    last = [item for item in back["timeline"] if item["kind"] == "move"][-1]
    assert (last["actor"]["kind"], last["details"]["reason_code"]) == ("system", "deferral_ended")


def test_a_case_with_an_open_red_flag_is_neither_put_aside_nor_declined(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "limb_weakness": "new_or_worse"})
    until = (clinic.now() + timedelta(days=2)).isoformat()
    for deed, body in (("defer", {"until": until}), ("decline", {"reason_code": "outside_our_scope"})):
        refused = clinic.call("POST", f"/referrals/{case['id']}/{deed}", body, version=case["version"])
        assert refused.status_code == 409
        assert refused.json is not None
        assert refused.json["code"] == "red_flag_hold"
    assert clinic.get(f"/referrals/{case['id']}")["state"] == "needs_triage"
    cleared = clinic.do(case, "clear-hold", {"reason_code": "assessed_by_clinician", "note": "Called."})
    assert clinic.do(cleared, "decline", {"reason_code": "outside_our_scope"})["state"] == "declined"
    sent_on = clinic.submit({**NECK_PAIN, "limb_weakness": "new_or_worse"})
    assert clinic.do(sent_on, "decline", {"reason_code": "needs_emergency_care"})["state"] == "declined"


@pytest.mark.capability("T12")
def test_a_deed_names_the_next_case_to_review_in_worklist_order(clinic: Clinic) -> None:
    low, high, mine = clinic.submit(), clinic.submit({**NECK_PAIN, "nprs_now": 9}), clinic.submit()
    taken = clinic.do(high, "assign", {"owner_id": "provider-1", "owner_name": "Pat"})
    done = clinic.do(mine, "accept")
    assert done["next_id"] == low["id"]  # the urgent one is in a colleague's hands
    assert clinic.do(low, "accept", actor=PROVIDER)["next_id"] == taken["id"]
    assert clinic.do(taken, "accept", actor=PROVIDER)["next_id"] is None


@pytest.mark.capability("T11")
def test_the_outcomes_of_a_review_are_a_closed_set(clinic: Clinic) -> None:
    soon = (clinic.now() + timedelta(days=1)).isoformat()
    bodies: dict[str, Any] = {
        "accept": {},
        "redirect": {"route": "medication_review", "reason_code": "patient_prefers"},
        "ask": {"note": "Since when?"},
        "decline": {"reason_code": "outside_our_scope"},
        "defer": {"until": soon},
    }
    for deed, body in bodies.items():
        clinic.do(clinic.submit(), deed, body)
    with clinic.session() as session:
        outcomes = session.execute(text("SELECT outcome FROM triage_review ORDER BY at, id")).scalars().all()
    assert list(outcomes) == list(bodies)
    case = clinic.submit()
    for other in ("approve", "reject", "escalate"):
        answer = clinic.call("POST", f"/referrals/{case['id']}/{other}", {}, version=case["version"])
        assert answer.status_code == 404


@pytest.mark.capability("T13")
def test_overrides_need_a_coded_reason_and_are_reported_by_rule_and_reviewer(clinic: Clinic) -> None:
    for _ in range(3):
        clinic.do(clinic.submit(), "accept")
    clinic.do(
        clinic.submit(),
        "redirect",
        {"route": "medication_review", "reason_code": "rule_too_sensitive"},
        actor=PROVIDER,
    )
    report = clinic.get("/reports/overrides")
    rule = next(r for r in report["rules"] if r["rule_id"] == "PT2")
    assert (rule["reviewed"], rule["redirected"], rule["override_share"]) == (4, 1, 0.25)
    assert rule["reasons"] == [
        {
            "reason_code": "rule_too_sensitive",
            "from_route": "physical_therapy",
            "to_route": "medication_review",
            "many": 1,
        }
    ]
    reviewers = {r["reviewer_id"]: (r["accepted"], r["redirected"]) for r in report["reviewers"]}
    assert reviewers == {"nurse-1": (3, 0), "provider-1": (0, 1)}
    assert clinic.call("GET", "/reports/overrides", actor=FRONT_DESK).status_code == 403
    for bad in ("from=2026-02-31", "to=9999-01-01", "from=2026-01-02&to=2026-01-01", "from=x", "day=1"):
        assert clinic.call("GET", f"/reports/overrides?{bad}", actor=NURSE).status_code == 422


@pytest.mark.capability("L8")
def test_declines_and_redirects_carry_a_code_and_an_owner(clinic: Clinic) -> None:
    declined = clinic.do(clinic.submit(), "decline", {"reason_code": "under_care_elsewhere"})
    redirected = clinic.do(
        clinic.submit(), "redirect", {"route": "staff_triage", "reason_code": "new_information_by_phone"}
    )
    for referral, code in ((declined, "under_care_elsewhere"), (redirected, "new_information_by_phone")):
        assert referral["owner"] == {"id": "nurse-1", "name": "Nora Field"}
        moves = [i for i in clinic.get(f"/referrals/{referral['id']}")["timeline"] if i["kind"] == "move"]
        assert moves[-1]["details"]["reason_code"] == code
    # Given on with the deed, or afterwards: somebody with a name has it.
    to = {"owner_id": "provider-1", "owner_name": "Pat Reyes"}
    passed = clinic.do(clinic.submit(), "decline", {"reason_code": "outside_our_scope", **to})
    other = {"route": "medication_review", "reason_code": "patient_prefers", **to}
    for given in (passed, clinic.do(clinic.submit(), "redirect", other), clinic.do(redirected, "assign", to)):
        assert given["owner"] == {"id": "provider-1", "name": "Pat Reyes"}
        assert clinic.get(f"/referrals/{given['id']}")["version"] == given["version"]
    codes = clinic.get("/reason-codes")
    assert "under_care_elsewhere" in codes["decline"]


@pytest.mark.capability("T16")
def test_one_patient_may_have_two_live_routes(clinic: Clinic) -> None:
    first = clinic.submission(NECK_PAIN)
    second = clinic.submission(
        {**NECK_PAIN, "requests_drug_or_injection": True, "regions": ["head"]}, patient_id=first.patient_id
    )
    for submitted in (first, second):
        clinic.tell("intake", "intake_submitted", submitted.submission_id, submitted)
    one, two = clinic.case_of(first), clinic.case_of(second)
    assert (one["route"], two["route"]) == ("physical_therapy", "medication_review")
    assert [other["id"] for other in two["other_referrals"]] == [one["id"]]
    for case in (one, two):
        assert clinic.do(case, "accept")["state"] == "to_book"
    assert clinic.get("/referrals")["open"] == 2
