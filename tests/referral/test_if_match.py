"""Every deed on a record that has a version needs If-Match: the routes are walked, so that none can be forgotten."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from kernel.contracts.protocol import shipped_document
from kernel.ids import new_id
from services.referral.model.watch import Escalation
from tests.referral.calendar_steps import booked, change, many_ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, NURSE, PROVIDER, Clinic
from tests.referral.test_new_route import VISIT
from tests.referral.test_overlays import SOONER
from tests.referral.test_protocol_life import BACK_PAIN, a_new_rule

PREFIX = "/api/referral/v1"
OUTCOME = {"outcome": "attended"}
WHY = {"reason_code": "patient_declined"}
ITEM = dict(zip(("section", "id", "item"), a_new_rule(), strict=True))

# Rule -> what is sent to the record of that name in the world below, by whom. Each changes a record somebody has read.
GUARDED: dict[str, tuple[dict[str, Any], Any]] = {
    "/referrals/<referral_id>/accept": ({}, NURSE),
    "/referrals/<referral_id>/redirect": (
        {"route": "medication_review", "reason_code": "patient_prefers", "note": "asked"},
        NURSE,
    ),
    "/referrals/<referral_id>/decline": ({"reason_code": "duplicate", "note": "said so"}, NURSE),
    "/referrals/<referral_id>/ask": ({"note": "Which arm?"}, NURSE),
    "/referrals/<referral_id>/defer": ({"until": "2031-01-01"}, NURSE),
    "/referrals/<referral_id>/resume": ({}, NURSE),
    "/referrals/<referral_id>/clear-hold": ({"reason_code": "assessed_by_clinician", "note": "seen"}, NURSE),
    "/referrals/<referral_id>/settle-warnings": ({"settled": ["CAUDA_EQUINA"]}, NURSE),
    "/referrals/<referral_id>/close": ({"outcome": "improved"}, NURSE),
    "/referrals/<referral_id>/withdraw": ({"reason_code": "patient_withdrew"}, NURSE),
    "/referrals/<referral_id>/hand-over": ({"reason_code": "transferred_elsewhere"}, NURSE),
    "/referrals/<referral_id>/reopen": ({"reason_code": "patient_asks_again"}, NURSE),
    "/referrals/<referral_id>/findings": ({"answers": {"nprs_now": 4}}, NURSE),
    "/referrals/<referral_id>/assign": ({"owner_id": "nurse-1"}, NURSE),
    "/referrals/<referral_id>/amend": (
        {"changes": {"preferred_site": "paola"}, "reason_code": "patient_asked"},
        NURSE,
    ),
    "/referrals/<referral_id>/notes/<note_id>/review": ({}, NURSE),
    "/referrals/<referral_id>/notes/<note_id>/acknowledge": ({}, FRONT_DESK),
    "/appointments/<appointment_id>/move": ({"starts_at": "2031-01-06T09:00:00-06:00"}, FRONT_DESK),
    "/appointments/<appointment_id>/cancel": (WHY, FRONT_DESK),
    "/appointments/<appointment_id>/confirm": ({}, FRONT_DESK),
    "/appointments/<appointment_id>/check-in": ({}, FRONT_DESK),
    "/appointments/<appointment_id>/undo-check-in": ({}, FRONT_DESK),
    "/appointments/<appointment_id>/outcome": (OUTCOME, FRONT_DESK),
    "/appointments/<appointment_id>/correct-outcome": (OUTCOME, FRONT_DESK),
    "/series/<series_id>/cancel": (WHY, FRONT_DESK),
    "/waitlist/<entry_id>/leave": ({}, FRONT_DESK),
    "/offers/<round_id>/stop": ({}, FRONT_DESK),
    "/offers/<round_id>/claim": ({"offer_id": "<offer_id>"}, FRONT_DESK),
    "/closures/<closure_id>/lift": ({}, MANAGER),
    "/walk-ins/<walk_in_id>/seen": ({}, FRONT_DESK),
    "/walk-ins/<walk_in_id>/left": ({}, FRONT_DESK),
    "/visit-types/<visit_type_id>": (VISIT, NURSE),
    "/radar/<alarm_id>/acknowledge": ({}, NURSE),
    "/protocol/drafts/<draft_id>/document": ({"document": shipped_document()}, NURSE),
    "/protocol/drafts/<draft_id>/items": (ITEM, NURSE),
    "/protocol/drafts/<draft_id>/discard": ({}, NURSE),
    "/protocol/drafts/<draft_id>/publish": ({}, PROVIDER),
    "/protocol/overlays/<overlay_id>/approve": ({}, PROVIDER),
    "/protocol/overlays/<overlay_id>/withdraw": ({}, PROVIDER),
    "/protocol/golden-cases/<code>/retire": ({"reason_code": "expected_wrongly", "note": "A slip."}, NURSE),
}
# Rule -> why a version has no place there.
FREE = {
    "/evaluate": "stores nothing",
    "/referrals/<referral_id>/appointments/check": "stores nothing",
    "/referrals/<referral_id>/series/check": "stores nothing",
    "/protocol/drafts/<draft_id>/checks": "stores nothing",
    "/referrals": "makes a record",
    "/referrals/<referral_id>/appointments": "makes a record; the seats decide",
    "/referrals/<referral_id>/series": "makes a record; the seats decide",
    "/referrals/<referral_id>/holds": "makes a record; the seats decide",
    "/referrals/<referral_id>/walk-ins": "makes a record",
    "/referrals/<referral_id>/notes": "makes a record",
    "/walk-ins": "makes a record",
    "/closures": "makes a record",
    "/visit-types": "makes a record",
    "/protocol/drafts": "makes a record",
    "/protocol/drafts/<draft_id>/replays": "makes a record; it says which text it read",
    "/protocol/overlays": "makes a record",
    "/protocol/golden-cases": "makes a record",
    "/referrals/<referral_id>/waitlist": "makes a record; one that stands is changed under If-Match only (409 without)",
    "/dead-events/try-again": "names what to try; what is not given up any more stays as it is",
    "/holds/<hold_id>/release": "ends once, whoever says so; a second time changes nothing",
    "/self/referrals/<referral_id>/appointments": "makes a record; the seats decide",
    "/self/appointments/<appointment_id>/<any(confirm, cancel, move):deed_name>": "names the visit's version in the body",
    "/self/offers/<offer_id>/claim": "an offer is answered once; 409 to the second",
    "/self/offers/<offer_id>/instead": "an offer is answered once; 409 to the second",
    "/self/offers/<offer_id>/decline": "an offer is answered once; 409 to the second",
}


def test_every_way_to_write_is_on_one_of_the_two_lists(clinic: Clinic) -> None:
    assert clinic.app.api is not None
    rules = {
        rule.rule.removeprefix(PREFIX)
        for rule in clinic.app.api.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert rules == GUARDED.keys() | FREE.keys()
    assert not GUARDED.keys() & FREE.keys()


def world(clinic: Clinic) -> dict[str, Any]:
    """One record of each kind, by the name its address has; each at its first versions."""

    def made(path: str, body: Any, actor: Any = FRONT_DESK) -> Any:
        answer = clinic.call("POST", path, body, actor=actor)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    case = clinic.submit(BACK_PAIN)
    holder, waits, therapy = many_ready_to_book(clinic, 3)
    soon, *_, later = slots(clinic, visit_type="pt_evaluation", site="paola")
    visit = booked(clinic, holder, later)
    entry = made(f"/referrals/{waits}/waitlist", {"sites": ["paola"], "notice_minutes": 0})
    freed = booked(clinic, therapy, soon)
    change(clinic, freed, "cancel", WHY)
    (opened,) = clinic.get("/offers", FRONT_DESK)["items"]
    start = slots(clinic, visit_type="therapy_series", provider="tomas_quintero")[0]
    first = datetime.fromisoformat(start["local_start"])
    pattern = {
        "provider_id": "tomas_quintero",
        "site_id": "leawood",
        "first_start": start["local_start"][:19],
        "weekdays": [first.weekday()],
        "count": 3,
    }
    series = made(f"/referrals/{therapy}/series", pattern)
    shut = {"site_id": "leawood", "starts_at": "2031-01-01", "ends_at": "2031-01-02", "reason": "holiday"}
    with clinic.session() as session:
        alarm = Escalation(
            id=new_id(),
            referral_id=case["id"],
            kind="due",
            state="triage",
            since=clinic.now(),
            at=clinic.now(),
            owner_id="",
        )
        session.add(alarm)
        alarm_id = str(alarm.id)
    draft = made("/protocol/drafts", {"title": "Summer"}, NURSE)
    overlay = {"site": "paola", "changes": [SOONER], "reason": "A therapist is free."}
    golden = {"title": "Back pain", "referral_id": case["id"]}
    return {
        "referral_id": case["id"],
        "note_id": made(f"/referrals/{case['id']}/notes", {"text": "Seen."}, PROVIDER)["id"],
        "appointment_id": visit["id"],
        "series_id": series["series_id"],
        "series": series,
        "therapy": therapy,
        "entry_id": entry["id"],
        "round_id": opened["id"],
        "offer_id": opened["offers"][0]["id"],
        "closure_id": made("/closures", shut, MANAGER)["id"],
        "walk_in_id": made(f"/referrals/{case['id']}/walk-ins", {"site_id": "paola"})["id"],
        "visit_type_id": made("/visit-types", {**VISIT, "routes": ["physical_therapy"]}, NURSE)["id"],
        "alarm_id": alarm_id,
        "draft_id": draft["id"],
        "overlay_id": made("/protocol/overlays", overlay, NURSE)["id"],
        "code": made("/protocol/golden-cases", golden, NURSE)["code"],
    }


@pytest.mark.capability("L1")
@pytest.mark.capability("S13")
@pytest.mark.capability("L5")
def test_no_deed_is_done_without_the_version_seen_and_a_stale_one_is_told_what_is_now(
    staffed: Clinic,
) -> None:
    known = world(staffed)

    def send(rule: str, version: int | None) -> Any:
        body, actor = GUARDED[rule]
        path = rule
        for name, value in known.items():
            path = path.replace(f"<{name}>", str(value))
        if "offer_id" in body:
            body = {"offer_id": known["offer_id"]}
        return staffed.call("POST", path, body, actor=actor, version=version)

    unguarded = {}
    for rule in GUARDED:
        blind, stale = send(rule, None), send(rule, 999)
        told = stale.json or {}
        if (blind.status_code, stale.status_code) != (428, 412) or not told.get("current"):
            unguarded[rule] = (blind.text, stale.text)
    assert unguarded == {}
    with staffed.session() as session:
        moved = "SELECT count(*) FROM audit_entry WHERE action IN ('cancel_appointment', 'acknowledge_escalation')"
        assert session.execute(text(moved)).scalar_one() == 1, "the one visit the world was made with"

    # An alarm: the second to take it hears who has it.
    assert send("/radar/<alarm_id>/acknowledge", 1).status_code == 200
    late = send("/radar/<alarm_id>/acknowledge", 1)
    assert late.json["current"]["acknowledged_by"] == NURSE.id

    # A series: one of its visits is moved on the telephone while a colleague is about to cancel the rest.
    case = staffed.get(f"/referrals/{known['therapy']}")
    (seen,) = case["series"]
    assert (seen["version"], len(seen["visits_to_come"])) == (known["series"]["version"], 3)
    one = known["series"]["items"][1]
    assert change(staffed, one, "confirm", {"channel": "phone"}).status_code == 200
    rule = "/series/<series_id>/cancel"
    crossed = send(rule, seen["version"])
    assert crossed.status_code == 412
    now_is = crossed.json["current"]["visits_to_come"]
    assert [before == after for before, after in zip(seen["visits_to_come"], now_is, strict=True)] == [
        True,
        False,
        True,
    ]
    done = send(rule, int(crossed.headers["ETag"].strip('"')))
    assert (done.status_code, len(done.json["items"])) == (200, 3)
    assert done.json["version"] > seen["version"] + 1

    # A site's own changes: approved by one, and by nobody a second time; a case of the clinic's is retired once.
    approve, withdraw = (f"/protocol/overlays/<overlay_id>/{deed}" for deed in ("approve", "withdraw"))
    assert send(approve, 1).json["revision"] == 2
    twice = send(withdraw, 1)
    assert (twice.status_code, twice.json["current"]["state"]) == (412, "in_force")
    retire = "/protocol/golden-cases/<code>/retire"
    assert send(retire, 1).json["version"] == 2
    assert send(retire, 1).json["current"]["retired_by"] == NURSE.id
    assert send(retire, 2).json["code"] == "case_retired"
