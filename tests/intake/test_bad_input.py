"""BAD-25 to BAD-56 through the API: refused with the field and a code, nothing echoed, nothing half-written."""

import json
from typing import Any

import pytest

from tests.intake.conftest import NURSE, Clinic

PATIENT = {"given_name": "Ben", "family_name": "Aldana", "birth_date": "1979-03-02"}


def send(clinic: Clinic, answers: Any = None, **patient: Any) -> Any:
    body = {
        "patient": {**PATIENT, **patient},
        "answers": {"regions": ["neck"]} if answers is None else answers,
    }
    return clinic.call("POST", "/submissions", body)


REFUSED_ANSWERS = [
    ({"nprs_now": 11}, "answers.nprs_now", "out_of_range"),
    ({"nprs_now": -1}, "answers.nprs_now", "out_of_range"),
    ({"nprs_now": 7.5}, "answers.nprs_now", "wrong_type"),
    ({"nprs_now": "seven"}, "answers.nprs_now", "wrong_type"),
    ({"nprs_now": "7"}, "answers.nprs_now", "wrong_type"),
    ({"nprs_now": True}, "answers.nprs_now", "wrong_type"),
    ({"hx_days_per_month": 32}, "answers.hx_days_per_month", "out_of_range"),
    ({"hx_severity": "awful"}, "answers.hx_severity", "not_in_values"),
    ({"hx_severity": ["mild", "severe"]}, "answers.hx_severity", "wrong_type"),
    ({"hx_quality": ["aching", "aching"]}, "answers.hx_quality", "duplicate"),
    ({"hx_quality": ["aching", "nice"]}, "answers.hx_quality", "not_in_values"),
    ({"no_such_variable": 1}, "answers.no_such_variable", "unknown_field"),
    ({"fever": "yes"}, "answers.fever", "wrong_type"),
    (
        {"meds": [{"class": "triptan", "days_per_month": 40}]},
        "answers.meds[0].days_per_month",
        "out_of_range",
    ),
    ({"meds": [{"days_per_month": 4}]}, "answers.meds[0].class", "required"),
    ({}, "answers", "empty"),
]


@pytest.mark.parametrize(
    ("answers", "field", "code"),
    REFUSED_ANSWERS,
    ids=[f"{f}-{c}-{i}" for i, (_, f, c) in enumerate(REFUSED_ANSWERS)],
)
def test_answers_that_do_not_fit(clinic: Clinic, answers: Any, field: str, code: str) -> None:
    """BAD-37, 38, 40, 41, 42."""
    answer = send(clinic, answers)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert {"field": field, "code": code} in answer.get_json()["errors"]
    assert (
        clinic.sql("SELECT (SELECT count(*) FROM patient) + (SELECT count(*) FROM submission) AS n")[0].n == 0
    )


REFUSED_PATIENTS = [
    ("birth_date", "1900-02-29"),
    ("birth_date", "2026-13-01"),
    ("birth_date", "2099-01-01"),
    ("birth_date", "1880-01-01"),
    ("birth_date", "1990-02-31"),
    ("birth_date", "01/02/1990"),
    ("given_name", ""),
    ("given_name", "   "),
    ("given_name", "x" * 101),
    ("given_name", "a\u202eb"),
    ("phone", "911"),
    ("phone", "555-0100"),
    ("phone", "1-900-555-0100"),
    ("phone", "800-HEADACHE"),
    ("phone", "call me"),
    ("email", "a@b"),
    ("email", "a" * 250 + "@example.test"),
    ("email", "a@example.test\r\nBcc: x@example.test"),
    ("postcode", "<script>"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED_PATIENTS)
def test_patients_that_do_not_fit(clinic: Clinic, field: str, value: str) -> None:
    """BAD-29, 32, 47, 48, 49."""
    answer = send(clinic, **{field: value})
    assert answer.status_code == 422, answer.text
    assert any(error["field"].endswith(f"patient.{field}") for error in answer.get_json()["errors"])
    if value.strip():
        assert value not in answer.text
    assert clinic.sql("SELECT count(*) AS n FROM patient")[0].n == 0


TAKEN = [
    ("family_name", "O'Brien-Ñandú", "O'Brien-Ñandú"),
    ("family_name", "李", "李"),
    ("family_name", "Null", "Null"),
    ("given_name", "X", "X"),
    ("phone", "+1 555 010 0199", "+15550100199"),
    ("phone", "(913) 555-0107 ext. 12", "+19135550107"),
    ("phone", "913.555.0107", "+19135550107"),
    ("email", "ana@büro.example", "ana@büro.example"),
    ("postcode", "64081-1234", "64081"),
]


@pytest.mark.parametrize(("field", "value", "stored"), TAKEN)
def test_unusual_but_real_patients(clinic: Clinic, field: str, value: str, stored: str) -> None:
    """BAD-47, 48, 49: what people are called and how they write their number is taken."""
    answer = send(clinic, **{field: value})
    assert answer.status_code == 201, answer.text
    assert clinic.get(f"/patients/{answer.get_json()['patient_id']}")[field] == stored


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"patient": {}, "patient": {}}', 400),
        (b'{"answers": {"nprs_now": NaN}}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 200, 400),
        (b'{"answers": {"fever": true}}', 422),
        (b"[]", 422),
        (json.dumps({"patient": PATIENT, "answers": {f"v{n}": 1 for n in range(501)}}).encode(), 422),
        (json.dumps({"patient": PATIENT, "answers": {"other": "x" * 300_000}}).encode(), 413),
        (json.dumps({"patient": PATIENT, "answers": {"fever": True}, "admin": True}).encode(), 422),
        (json.dumps({"patient": {**PATIENT, "id": "1"}, "answers": {"fever": True}}).encode(), 422),
    ],
)
def test_bodies_that_cannot_be_read(clinic: Clinic, raw: bytes, status: int) -> None:
    """BAD-52, 55: also a body that names another patient's id."""
    answer = clinic.call("POST", "/submissions", raw)
    assert answer.status_code == status, answer.text
    assert clinic.sql("SELECT count(*) AS n FROM submission")[0].n == 0


@pytest.mark.parametrize(
    "name", ["0", "-1", "00000000-0000-0000-0000-000000000000", "x' OR 1=1", "not-an-id"]
)
def test_ids_that_name_nothing(clinic: Clinic, name: str) -> None:
    for path in (f"/submissions/{name}", f"/patients/{name}", f"/callback-tasks/{name}", f"/uploads/{name}"):
        assert clinic.call("GET", path, actor=NURSE).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "'; DROP TABLE patient;--",
        "=HYPERLINK(1)",
        "🙂",
        "a\u202eb",
    ],
)
def test_free_text_is_kept_as_text_and_shown_inert(clinic: Clinic, text: str) -> None:
    """BAD-45, 46."""
    browser = clinic.browser().start()
    token = browser.token
    browser.open(f"/intake/q/{token}/visit").send({"other_notes": text})
    assert "/review/" in browser.at, browser.body
    browser.open(f"/intake/q/{token}/visit")
    assert "<script>alert" not in browser.body
    assert "49" not in browser.body.split("<textarea")[1].split("</textarea>")[0]
    (row,) = clinic.sql("SELECT id FROM submission")
    assert clinic.get(f"/submissions/{row.id}")["items"]["other_notes"] == text


def test_free_text_that_is_too_long_is_refused_and_the_draft_kept(clinic: Clinic) -> None:
    browser = clinic.browser().start()
    token = browser.token
    browser.open(f"/intake/q/{token}/where").send({"regions": ["neck"]})
    browser.open(f"/intake/q/{token}/visit").send({"other_notes": "x" * 10_001})
    assert browser.status == 422
    (row,) = clinic.sql("SELECT id, state FROM submission")
    assert row.state == "draft"
    assert clinic.get(f"/submissions/{row.id}")["answers"]["regions"] == ["neck"]


def test_a_form_without_its_token_is_refused(clinic: Clinic) -> None:
    """BAD-24."""
    browser = clinic.browser().start()
    answer = browser.client.post(browser.at, data={"thunderclap": "true"})
    assert answer.status_code in (400, 403)
    assert clinic.sql("SELECT count(*) AS n FROM page_save")[0].n == 0


def test_pages_keep_the_token_to_themselves(clinic: Clinic) -> None:
    """BAD-34: no referrer is sent, nothing is cached, no other host is named."""
    browser = clinic.browser().start()
    answer = browser.client.get(browser.at)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text
