"""C13: a route of the clinic's own, with its rule and its kind of visit, all as data; each bad wish is refused."""

from typing import Any

import pytest

from services.referral.actions.seed_clinic import read_clinic, seed_clinic
from tests.referral.calendar_steps import booked, events, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, NURSE, PROVIDER, Clinic
from tests.referral.test_protocol_life import draft_with, post

ROUTE = "headache_nurse_clinic"
WISH = {
    "label": {"en": "Headache nurse clinic", "es": "Consulta de enfermería"},
    "rank": 4,
    "urgent_bars": True,
}
RULE = {
    "id": "HN1",
    "name": "Fewer than six headache days, wants to talk",
    "route": ROUTE,
    "priority": "P4",
    "source": "agreed at the clinic, 2026-11",
    "status": "design",
    "signoff": {"required": True, "by": None, "on": None},
    "when": {
        "all": [
            {"variable": "triggers", "operator": "contains", "value": "diet_change"},
            {"variable": "hx_location", "operator": "contains", "value": "vertex"},
        ]
    },
}
ANSWERS = {"age_years": 34, "regions": ["head"], "triggers": ["diet_change"], "hx_location": ["vertex"]}
VISIT = {
    "id": "headache_nurse_first",
    "name": "Headache nurse, first visit",
    "sms_name": "first_visit",
    "routes": [ROUTE],
    "minutes": 50,
    "buffer_after": 10,
    "alignment_minutes": 30,
    "room_kind": "exam",
    "sites": ["leawood", "paola"],
    "providers": ["noor_haddad"],
}


def add_visit(clinic: Clinic, actor: Any = NURSE, **changes: Any) -> Any:
    return clinic.call("POST", "/visit-types", {**VISIT, **changes}, actor=actor)


def with_route(clinic: Clinic) -> dict[str, Any]:
    return draft_with(clinic, ("routes", ROUTE, WISH), ("rules", "HN1", RULE))


@pytest.mark.capability("C13")
def test_a_new_route_is_drafted_published_reached_and_booked_without_a_deploy(staffed: Clinic) -> None:
    draft = with_route(staffed)
    assert draft["checks"]["problems"] == []
    assert draft["checks"]["golden"]["failing"] == []
    document = staffed.get(f"/protocol/drafts/{draft['id']}")["document"]
    assert document["routes"]["order"].index(ROUTE) == 3
    bars = next(c for c in document["routes"]["review_when"] if c["kind"] == "flag_bars_route")
    assert bars["never_primary"] == ["physical_therapy", ROUTE]
    assert add_visit(staffed).status_code == 201
    routes = {one["id"]: one for one in staffed.get("/routes")["items"]}
    assert routes[ROUTE] == {
        "id": ROUTE,
        "label": WISH["label"],
        "in_force": False,
        "visit_types": [VISIT["id"]],
        "first_visit": VISIT["id"],
    }
    before = staffed.submit(ANSWERS)
    assert before["route"] == "staff_triage"
    done = post(staffed, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    assert done.status_code == 201, done.text
    routes = {one["id"]: one for one in staffed.get("/routes")["items"]}
    assert (routes[ROUTE]["in_force"], routes[ROUTE]["label"]) == (True, WISH["label"])

    case = staffed.submit(ANSWERS)
    assert (case["route"], case["priority"]) == (ROUTE, "P4")
    accepted = staffed.do(case, "accept")
    assert accepted["state"] == "to_book"
    found = slots(staffed, route=ROUTE, days=14, limit=100)
    assert {(slot["site"], slot["provider_id"]) for slot in found} == {
        ("leawood", "noor_haddad"),
        ("paola", "noor_haddad"),
    }
    visit = booked(staffed, accepted["id"], found[0])
    assert visit["visit_type"] == VISIT["id"]
    assert events(staffed, "appointment_booked") == 1
    sent_there = staffed.submit({"age_years": 44, "regions": ["low_back"], "nprs_now": 2})
    redirected = staffed.do(
        sent_there, "redirect", {"route": ROUTE, "reason_code": "patient_prefers", "note": "asked for it"}
    )
    assert redirected["route"] == ROUTE


@pytest.mark.capability("C13")
def test_a_visit_type_of_the_clinics_own_outlives_a_restart_and_is_changed_by_version(
    staffed: Clinic,
) -> None:
    with_route(staffed)
    made = add_visit(staffed, MANAGER).json
    with staffed.session() as session:
        seed_clinic(session, read_clinic())
    kept = staffed.get(f"/visit-types/{VISIT['id']}")
    assert (kept["active"], kept["providers"], kept["version"]) == (True, ["noor_haddad"], made["version"])
    wish = {**VISIT, "minutes": 30, "providers": ["noor_haddad", "helen_osei"], "sites": []}
    path = f"/visit-types/{VISIT['id']}"
    assert staffed.call("POST", path, wish).status_code == 428
    assert staffed.call("POST", path, wish, version=made["version"] + 1).status_code == 412
    changed = staffed.call("POST", path, wish, version=made["version"])
    assert changed.status_code == 200, changed.text
    body: Any = changed.json
    assert body["providers"] == ["helen_osei", "noor_haddad"]
    off = staffed.call("POST", path, {**wish, "active": False}, version=body["version"])
    assert off.status_code == 200
    assert VISIT["id"] not in {one["id"] for one in staffed.get("/visit-types")["items"]}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"routes": ["no_such_route"]}, "routes.0", "unknown_route"),
        ({"sites": ["leawood", "atlantis"]}, "sites.1", "unknown_site"),
        ({"providers": ["nobody"]}, "providers.0", "unknown_provider"),
        ({"sites": ["paola"], "providers": ["helen_osei"]}, "providers.0", "works_at_none_of_the_sites"),
        ({"room_kind": "ballroom"}, "room_kind", "unknown_room_kind"),
        ({"sms_name": "headache nurse"}, "sms_name", "not_in_values"),
    ],
)
def test_a_visit_type_that_could_not_be_booked_is_refused(
    staffed: Clinic, changes: dict[str, Any], field: str, code: str
) -> None:
    with_route(staffed)
    refused = add_visit(staffed, **changes)
    assert refused.status_code == 422, refused.text
    assert {"field": field, "code": code} in [
        {"field": one["field"], "code": one["code"]} for one in refused.json["errors"]
    ]


def test_the_front_desk_changes_no_visit_type_and_an_id_is_taken_once(staffed: Clinic) -> None:
    with_route(staffed)
    assert add_visit(staffed, FRONT_DESK).status_code == 403
    assert add_visit(staffed).status_code == 201
    again = add_visit(staffed)
    assert (again.status_code, again.json["code"]) == (409, "id_taken")


def test_a_route_taken_out_while_a_rule_names_it_is_a_fault_with_its_place(staffed: Clinic) -> None:
    draft = with_route(staffed)
    answer = post(
        staffed,
        f"/drafts/{draft['id']}/items",
        {"section": "routes", "id": ROUTE, "item": None},
        NURSE,
        draft["version"],
    )
    assert answer.status_code == 200, answer.text
    assert {"path": "HN1.route", "code": "wrong_value"} in [
        {"path": one["path"], "code": one["code"]} for one in answer.json["checks"]["problems"]
    ]
