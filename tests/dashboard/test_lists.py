"""The lists the owners keep: each page shows them and its buttons do exactly the owner's deed."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from kernel.contracts.protocol import shipped_document
from kernel.ids import new_id
from services.dashboard.model import Staff
from services.dashboard.routes import findings
from tests.dashboard.conftest import Dashboard

NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}
ONE = str(new_id())
PERSON = {
    "given_name": "Mara",
    "family_name": "Ostrander",
    "birth_date": "1981-04-09",
    "phone": "+18165550142",
}


def offer(clinic: Dashboard, service: str, path: str, items: Any) -> None:
    clinic.world.extra[service, "GET", path] = items if isinstance(items, dict) else {"items": items}


def accept(clinic: Dashboard, service: str, path: str) -> None:
    clinic.world.extra[service, "POST", path] = {"id": ONE}


def last(clinic: Dashboard) -> tuple[str, Any]:
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    return sent["path"], sent["body"]


def test_a_call_is_closed_with_its_outcome_and_a_number_typed_any_way(clinic: Dashboard) -> None:
    item = {
        "id": ONE,
        "kind": "number_dead",
        "patient_name": "Mara Ostrander",
        "patient_id": str(new_id()),
        "version": 2,
        "phone": "+18165550142",
        "opened_at": clinic.world.now.isoformat(),
        "state": "open",
    }
    offer(clinic, "notify", "call-list", [item])
    accept(clinic, "notify", f"call-list/{ONE}/close")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/call-list")
    assert "Number does not reach" in page.text
    fields = browser.form_fields(page, f"/staff/call-list/{ONE}/close")
    done = browser.post(
        f"/staff/call-list/{ONE}/close", {**fields, "outcome": "number_corrected", "phone": "816.555.0177"}
    )
    assert done.status_code == 303
    assert last(clinic) == (
        f"/call-list/{ONE}/close",
        {"outcome": "number_corrected", "phone": "+18165550177"},
    )
    wrong = browser.post(f"/staff/call-list/{ONE}/close", {**fields, "outcome": "reached", "phone": "12"})
    assert wrong.status_code == 422
    # What the system itself asks staff to look at is nobody's call.
    of_system = {
        "kind": "sending_paused",
        "code": "restored_elsewhere",
        "patient_id": None,
        "patient_name": None,
    }
    offer(clinic, "notify", "call-list", [item | of_system | {"phone": None}])
    shown = browser.get("/staff/call-list").text
    assert "another service was restored from a copy" in shown
    assert "Looked into" in shown
    assert "New number" not in shown
    assert "Spoke with the patient" not in shown


def test_the_simulator_sends_the_visit_asked_for_and_shows_each_message(clinic: Dashboard) -> None:
    clinic.world.extra["notify", "POST", "simulate"] = {
        "items": [
            {
                "step": "1_day",
                "channel": "sms",
                "state": "planned",
                "reason": "",
                "planned_for": "2026-11-29T16:00:00+00:00",
                "due_at": "2026-11-29T17:00:00+00:00",
                "shifted": True,
                "text": "See you Monday",
                "segments": 1,
                "encoding": "GSM-7",
            },
            {
                "step": "3_days",
                "channel": "sms",
                "state": "suppressed",
                "reason": "opted_out",
                "due_at": "2026-11-27T16:00:00+00:00",
            },
        ]
    }
    page = (
        clinic.signed_in("manager")
        .get("/staff/simulator?day=2026-11-30&at=10:00&site=liberty&sms=opted_out&no_shows=1")
        .text
    )
    assert "See you Monday" in page
    assert "1 segment" in page
    assert "because the patient asked us to stop" in page
    assert "moved from" in page
    body = last(clinic)[1]
    assert body["starts_at"] == "2026-11-30T10:00:00-06:00"
    assert body["sms"] == "opted_out"
    assert body["no_shows"] == 1
    assert (body["site_name"], body["site_address"], body["site_phone"]) == (
        "Liberty",
        "4 Elm Street",
        "+18165550112",
    )
    # One press goes to the same visit behind the next change of the clocks.
    assert "Across the clock change of Sun 14 Mar 2027" in page
    assert "day=2027-03-15" in page


def test_an_alarm_is_taken_and_the_front_desk_only_looks(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    alarm = {
        "id": ONE,
        "version": 1,
        "acknowledged_by": "",
        "kind": "state_limit",
        "business_hours": 19.5,
        "limit_business_hours": 16,
        "unblocks": "call_patient",
        "referral": row,
    }
    offer(clinic, "referral", "radar", [alarm])
    accept(clinic, "referral", f"radar/{ONE}/acknowledge")
    browser = clinic.signed_in("nurse")
    page = browser.get("/staff/radar")
    assert "19.5 h" in page.text
    take = f"/staff/radar/{ONE}/take"
    assert browser.post(take, browser.form_fields(page, take)).status_code == 303
    # A colleague was faster: the page says who has it now.
    with clinic.parts.database.transaction() as session:
        colleague = session.scalars(select(Staff).where(Staff.role == "nurse")).first()
        assert colleague is not None
        current = {"acknowledged_by": str(colleague.id), "acknowledged_at": clinic.world.now.isoformat()}
        name = colleague.name
    clinic.world.refusals[f"radar/{ONE}/acknowledge"] = (
        412,
        {"code": "changed_meanwhile", "current": current},
    )
    late = browser.post(take, {**browser.form_fields(page, take), "key": "another-key"})
    assert (late.status_code, f"<b>{name}</b>" in late.text) == (412, True)
    assert "I take it" not in clinic.signed_in("front_desk").get("/staff/radar").text


@pytest.mark.capability("T13")
def test_the_override_report_names_rules_reasons_and_shares(clinic: Dashboard) -> None:
    rule = {
        "rule_id": "MR5",
        "reviewed": 8,
        "redirected": 2,
        "override_share": 0.25,
        "reasons": [
            {
                "reason_code": "patient_prefers",
                "from_route": "medication_review",
                "to_route": "physical_therapy",
                "many": 2,
            }
        ],
    }
    manager = clinic.signed_in("manager")
    with clinic.parts.database.transaction() as session:
        who = str(session.scalars(select(Staff.id).where(Staff.name == "Manager Tester")).one())
    counts = {"reviewed": 8, "accepted": 5, "redirected": 2, "asked": 0, "deferred": 0, "declined": 1}
    reviewers = [
        {"reviewer_id": who, "reviewer_role": "nurse", **counts},
        {"reviewer_id": str(new_id()), "reviewer_role": "provider", **counts},
    ]
    offer(
        clinic,
        "referral",
        "reports/overrides",
        {"from": "2026-08-27", "to": "2026-11-24", "rules": [rule], "reviewers": reviewers},
    )
    page = manager.get("/staff/overrides").text
    assert "MR5" in page
    assert "25 %" in page
    assert "patient prefers: medication review → physical therapy" in page
    assert "Manager Tester" in page
    assert "Account no longer here" in page
    assert who[-6:] not in page, "nobody is named by a piece of an id"


@pytest.mark.capability("S18")
def test_a_shortage_is_told_now_and_ahead_with_how_wrong_such_forecasts_were(clinic: Dashboard) -> None:
    alert = {
        "site_name": "Paola",
        "visit_type_name": "Physical therapy evaluation",
        "since": clinic.world.now.isoformat(),
        "next_free_at": None,
        "days": 3,
        "alert": True,
    }
    told = {
        "site_name": "Garnett",
        "visit_type_name": "Medication review",
        "known": True,
        "days": 6,
        "horizon_days": 14,
        "gone_a_week": 21.0,
        "free_week": 18,
        "mornings": 60,
        "mornings_needed": 14,
        "back_test": {
            "forecasts": 32,
            "mean_error_days": 1.8,
            "called": 5,
            "missed": 1,
            "false_alarms": 2,
        },
    }
    young = {**told, "site_name": "Leawood", "known": False, "days": None, "mornings": 3, "back_test": None}
    offer(clinic, "referral", "slot-alerts", [alert])
    offer(clinic, "referral", "slot-forecasts", [told, young])
    page = " ".join(clinic.signed_in("front_desk").get("/staff/supply").text.split())
    assert "No physical therapy evaluation at Paola within promise for 3 days." in page
    assert "No medication review at Garnett within promise in 6 days" in page
    assert "off by 1.8 days on average" in page
    assert "5 shortages called, 1 missed, 2 false alarms" in page
    assert "3 of 14 mornings counted" in page


@pytest.mark.capability("S14")
def test_the_waiting_room_shows_the_turns_and_takes_somebody_nobody_referred(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    waits = {
        "id": ONE,
        "kind": "walk_in",
        "referral_id": row["id"],
        "patient": row["patient"],
        "provider": None,
        "starts_at": None,
        "arrived_at": clinic.world.now.isoformat(),
        "turn_at": clinic.world.now.isoformat(),
        "waited_minutes": 12,
        "urgent": True,
    }
    offer(clinic, "referral", "board", [waits])
    accept(clinic, "referral", "walk-ins")
    accept(clinic, "referral", f"walk-ins/{ONE}/seen")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/waiting-room")
    assert "12 min" in page.text
    assert "Triage first" in page.text
    fields = browser.form_fields(page, "/staff/walk-ins")
    person = {"given_name": "Nadia", "family_name": "Okafor", "birth_date": "1991-02-03"}
    done = browser.post("/staff/walk-ins", {**fields, **person, "phone": "(816) 555-0142", "language": "es"})
    assert done.status_code == 303
    path, body = last(clinic)
    assert (path, body["patient"]["phone"], body["patient"]["language"]) == (
        "/walk-ins",
        "+18165550142",
        "es",
    )
    called = browser.post(
        f"/staff/walk-ins/{ONE}/seen", browser.form_fields(page, f"/staff/walk-ins/{ONE}/seen")
    )
    assert called.status_code == 303
    # Who works at one site begins there, and is offered no other to act at.
    at_liberty = clinic.signed_in("front_desk", email="liberty@example.test", sites=("liberty",))
    own = at_liberty.get("/staff/waiting-room")
    assert at_liberty.form_fields(own, "/staff/walk-ins")["site"] == "liberty"
    assert "Overland Park" not in own.text
    away = {
        "code": "invalid",
        "title": "Not valid.",
        "errors": [{"field": "json.site_id", "code": "unknown"}],
    }
    clinic.world.refusals["walk-ins"] = (422, away)
    fields = at_liberty.form_fields(own, "/staff/walk-ins")
    refused = at_liberty.post("/staff/walk-ins", {**fields, **person}).text
    assert "<b>Site</b>: is not known here, or not yours to choose" in refused
    assert "Okafor</textarea>" in refused, "nobody asks for the name twice"
    # A manager looks on; the owner would refuse the deed, so it is not offered.
    watching = clinic.signed_in("manager").get("/staff/waiting-room").text
    assert "12 min" in watching
    assert "Into the waiting room" not in watching


@pytest.mark.capability("S6")
def test_a_closure_lists_whom_it_strands_and_can_be_lifted(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    visit = clinic.world.add_appointment(row, clinic.world.now)
    closure = {
        "id": ONE,
        "site_id": "liberty",
        "starts_at": clinic.world.now.isoformat(),
        "ends_at": clinic.world.now.isoformat(),
        "reason": "weather",
        "stranded": [visit],
    }
    offer(clinic, "referral", "closures", [closure])
    accept(clinic, "referral", "closures")
    accept(clinic, "referral", f"closures/{ONE}/lift")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/closures")
    assert "1 stranded" in page.text
    assert f"/staff/appointments/{visit['id']}/move" in page.text
    fields = browser.form_fields(page, "/staff/closures")
    form = {
        **fields,
        "what": "provider:prov-1",
        "starts_at": "2026-12-01",
        "ends_at": "2026-12-02",
        "reason": "illness",
    }
    assert browser.post("/staff/closures", form).status_code == 303
    assert last(clinic)[1] == {
        "provider_id": "prov-1",
        "starts_at": "2026-12-01",
        "ends_at": "2026-12-02",
        "reason": "illness",
    }
    # An afternoon: the times are the site's own, as they stand on its wall.
    part = {**form, "ends_at": "2026-12-01", "starts_time": "13:00", "ends_time": "17:30", "key": "k2"}
    assert browser.post("/staff/closures", part).status_code == 303
    assert (last(clinic)[1]["starts_at"], last(clinic)[1]["ends_at"]) == (
        "2026-12-01T13:00",
        "2026-12-01T17:30",
    )


def test_findings_go_in_their_types_and_what_is_left_alone_stays_unknown(
    clinic: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    accept(clinic, "referral", f"referrals/{row['id']}/findings")
    browser = clinic.signed_in("provider")
    action = f"/staff/referrals/{row['id']}/findings"
    page = browser.get(action)
    assert "not answered" in page.text
    form = {
        "version": "1",
        "key": "k",
        "answer.neck_frt_degrees": "28",
        "answer.imaging_concordant": "no",
        "answer.imaging_stenosis": "",
        "answer.no_such": "1",
        "answer.meds.0.class": "triptan",
        "answer.meds.0.days_per_month": "12",
        "answer.meds.1.class": "",
        "answer.meds.2.class": "nsaid",
        "note": "Examined.",
    }
    assert browser.post(action, form).status_code == 303
    assert last(clinic)[1] == {
        "answers": {
            "neck_frt_degrees": 28,
            "imaging_concordant": False,
            "meds": [{"class": "triptan", "days_per_month": 12}, {"class": "nsaid"}],
        },
        "note": "Examined.",
    }
    assert browser.post(action, {"version": "1", "key": "k2"}).status_code == 422
    # Another clinic's document: a list whose rows hold every type, with and without limits.
    columns: list[dict[str, Any]] = [
        {"id": "side", "type": "enum", "values": ["left", "right"]},
        {"id": "painful", "type": "bool"},
        {"id": "seen_on", "type": "date"},
        {"id": "degrees", "type": "int", "min": 0, "max": None},
        {"id": "weight", "type": "float"},
    ]
    joints = {"id": "joints", "type": "list", "filled_by": "staff", "fields": columns}
    document = shipped_document()
    document["variables"] += [joints, {"id": "scanned_on", "type": "date", "filled_by": "staff"}]
    monkeypatch.setattr(findings, "shipped_document", lambda: document)
    shown = browser.get(action).text
    assert 'min=""' not in shown
    assert 'max=""' not in shown
    fields = dict(
        re.findall(r'<(?:select|input)[^>]* name="answer\.((?:joints\.0|scanned)[^"]*)"([^>]*)>', shown)
    )
    assert fields == {
        "joints.0.side": "",
        "joints.0.painful": "",
        "joints.0.seen_on": ' type="date"',
        "joints.0.degrees": ' type="number" step="any" min="0"',
        "joints.0.weight": ' type="number" step="any"',
        "scanned_on": ' type="date"',
    }
    typed = {"painful": "no", "seen_on": "2026-11-20", "degrees": "40", "side": "left"}
    rows = {f"answer.joints.0.{column}": value for column, value in typed.items()}
    assert browser.post(action, {"version": "1", "key": "k3", **rows}).status_code == 303
    assert last(clinic)[1]["answers"] == {"joints": [{**typed, "painful": False, "degrees": 40}]}
