"""Licensed instruments: refused, naming the owner, until a manager records a permission; and again once it is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.questionnaires import instruments, shipped_questionnaire
from services.intake.rules.licensed_instruments import FREE, licensed_instruments
from tests.intake.conftest import MANAGER, NURSE, Clinic
from tests.intake.fhir_examples import question, questionnaire

TODAY = datetime.now(UTC).date()


def named(title: str) -> dict[str, Any]:
    return {**questionnaire("licensed", [question("a", "boolean")]), "title": title}


@pytest.mark.capability("C8")
@pytest.mark.parametrize(
    ("title", "instrument"),
    [
        ("HIT-6", "hit6"),
        ("Headache Impact Test (6 items)", "hit6"),
        ("Neck Disability Index", "ndi"),
        ("NDI", "ndi"),
        ("Oswestry low back pain disability questionnaire", "odi"),
        ("Keele STarT MSK tool", "start_back"),
        ("PROMIS-29 profile", "promis"),
        ("MIDAS", "midas"),
        ("HALT-90", "halt30"),
        ("Brief Pain Inventory", "bpi"),
    ],
)
def test_licensed_instruments_are_known_by_their_names(title: str, instrument: str) -> None:
    assert [one["id"] for one in licensed_instruments(named(title), instruments())] == [instrument]
    inside = questionnaire(
        "x", [{"linkId": "g", "type": "group", "text": title, "item": [question("a", "date")]}]
    )
    assert [one["id"] for one in licensed_instruments(inside, instruments())] == [instrument]


@pytest.mark.capability("C8")
@pytest.mark.parametrize(
    "title", ["Finding the way", "Compromised sleep", "PHQ-9", "PEG", "A hit list", "Standing"]
)
def test_other_words_are_no_instrument(title: str) -> None:
    assert licensed_instruments(named(title), instruments()) == []
    assert licensed_instruments(shipped_questionnaire(), instruments()) == []


def draft_of(clinic: Clinic) -> dict[str, Any]:
    made: dict[str, Any] = clinic.call(
        "POST", "/questionnaire-drafts", named("Neck Disability Index"), actor=NURSE
    ).get_json()
    return made


def publish(clinic: Clinic, draft: dict[str, Any]) -> Any:
    return clinic.call(
        "POST", f"/questionnaire-drafts/{draft['id']}/publish", {}, actor=MANAGER, version=draft["version"]
    )


def permission(clinic: Clinic, **changes: str) -> Any:
    body = {
        "granted_by": "A. Person, Mapi Research Trust",
        "reference": "Licence 2026-117",
        "granted_on": (TODAY - timedelta(days=1)).isoformat(),
        "expires_on": (TODAY + timedelta(days=300)).isoformat(),
        **changes,
    }
    return clinic.call("POST", "/instruments/ndi/permissions", body, actor=MANAGER)


@pytest.mark.capability("C8")
def test_publishing_waits_for_a_permission_and_sending_ends_with_it(clinic: Clinic) -> None:
    draft = draft_of(clinic)
    refused = publish(clinic, draft)
    assert refused.status_code == 409
    (licence,) = refused.get_json()["licences"]
    assert (licence["instrument"], licence["owner"]) == (
        "ndi",
        "Howard Vernon; licences by Mapi Research Trust",
    )

    recorded = permission(clinic)
    assert recorded.status_code == 201, recorded.text
    assert publish(clinic, draft).status_code == 200
    (one,) = [one for one in clinic.get("/instruments", MANAGER)["items"] if one["instrument"] == "ndi"]
    assert one["may_be_asked"]
    assert one["permissions"][0]["recorded_by"] == "Mo Abara"
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    body = {"questionnaire": "https://example.test/Questionnaire/licensed"}
    assert clinic.call("POST", f"/patients/{patient}/links", body).status_code == 201

    path = f"/instrument-permissions/{recorded.get_json()['id']}/end"
    assert clinic.call("POST", path, {}, actor=MANAGER).status_code == 428
    assert clinic.call("POST", path, {}, actor=MANAGER, version=1).status_code == 200
    ended = clinic.call("POST", f"/patients/{patient}/links", body)
    assert (ended.status_code, ended.get_json()["code"]) == (409, "permission_needed")
    deeds = [
        row.action
        for row in clinic.sql(
            "SELECT action FROM audit_entry WHERE subject_kind = 'instrument_permission' ORDER BY id"
        )
    ]
    assert deeds == ["record_permission", "end_permission"]


@pytest.mark.capability("C8")
def test_a_permission_that_is_over_counts_no_more(clinic: Clinic) -> None:
    assert permission(clinic).status_code == 201
    clinic.sql(
        "UPDATE instrument_permission SET expires_on = current_date - 1, granted_on = current_date - 9"
    )
    assert publish(clinic, draft_of(clinic)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"granted_on": "2026-02-31"}, "granted_on", "not_a_date"),
        ({"granted_on": ""}, "granted_on", "missing"),
        ({"granted_on": (TODAY + timedelta(days=9)).isoformat()}, "granted_on", "in_the_future"),
        ({"expires_on": (TODAY - timedelta(days=9)).isoformat()}, "expires_on", "over_already"),
        ({"reference": " "}, "reference", ""),
    ],
)
def test_permissions_that_do_not_fit(clinic: Clinic, changes: dict[str, str], field: str, code: str) -> None:
    answer = permission(clinic, **changes)
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["field"].endswith(field)
    assert not code or error["code"] == code


def test_only_a_manager_records_and_only_for_what_is_known(clinic: Clinic) -> None:
    body = {"granted_by": "Somebody", "reference": "A letter", "granted_on": TODAY.isoformat()}
    assert clinic.call("POST", "/instruments/ndi/permissions", body, actor=NURSE).status_code == 403
    assert clinic.call("POST", "/instruments/none/permissions", body, actor=MANAGER).status_code == 404
    assert all(
        one["needs_permission"] == (one["licence"] not in FREE) for one in clinic.get("/instruments")["items"]
    )
