"""BAD-29 to BAD-56 through API and page: refused with the field and a code, nothing echoed, nothing half-written."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kernel.exact_json import as_written
from services.intake.rules.longer_than_life import longer_than_life
from tests.conftest import DatabaseFactory
from tests.intake.conftest import NURSE, Clinic, Keys, make_clinic

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
    ({"regions": None, "fever": None}, "answers", "empty"),
    ({"regions": ""}, "answers.regions", "wrong_type"),
    ({"hx_severity": "   "}, "answers.hx_severity", "not_in_values"),
    # Born in 1979: headaches for a hundred years, an injury before that, and one that is yet to come.
    ({"hx_onset_months": 1200}, "answers.hx_onset_months", "before_birth"),
    ({"head_neck_trauma_days": 30_000}, "answers.head_neck_trauma_days", "before_birth"),
    ({"hx_onset_months": -1}, "answers.hx_onset_months", "out_of_range"),
]


def test_answers_that_do_not_fit(clinic: Clinic) -> None:
    """BAD-37, 38, 40, 41, 42, 50; the same on the pages: `test_drafts.py`, `test_answer_imported.py`."""
    for answers, field, code in REFUSED_ANSWERS:
        answer = send(clinic, answers)
        assert answer.status_code == 422, (answers, answer.text)
        assert answer.mimetype == "application/problem+json"
        assert {"field": field, "code": code} in answer.get_json()["errors"], answers
    # However it is written.
    aged = {"age_years": 40, "so_long": as_written("1200.50"), "alike": True}
    assert longer_than_life(aged, dict.fromkeys(aged, ("float", "months"))) == ("so_long",)
    stored = clinic.sql("SELECT (SELECT count(*) FROM patient) + (SELECT count(*) FROM submission) AS n")
    assert stored[0].n == 0
    # Days of several medicines together may be more than a month has: each is possible, and the sum is not capped.
    rows = [{"class": "triptan", "days_per_month": 20}, {"class": "nsaid", "days_per_month": 20}]
    taken = send(clinic, {"regions": ["head"], "meds": rows})
    assert taken.status_code == 201, taken.text
    assert clinic.events("intake_submitted")[-1]["answers"]["meds"] == rows


# A day that is still to come whatever the hour: tomorrow may have begun before this is sent.
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
REFUSED_PATIENTS = [
    ("birth_date", "1900-02-29"),
    ("birth_date", "2026-13-01"),
    ("birth_date", TOMORROW),
    ("birth_date", "2099-01-01"),
    ("birth_date", "1880-01-01"),
    ("birth_date", "1990-02-31"),
    ("birth_date", "١٩٧٩-٠٣-٠٢"),
    ("birth_date", "02.03.1979"),
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


def test_patients_that_do_not_fit(clinic: Clinic) -> None:
    """BAD-29, 32, 47, 48, 49, 51: by the API the field and nothing of its value, on the first page a sentence beside it."""
    for field, value in (*REFUSED_PATIENTS, ("birth_date", "01/02/1990"), ("birth_date", " 1979-03-02 ")):
        answer = send(clinic, **{field: value})
        assert answer.status_code == 422, (field, value, answer.text)
        assert any(error["field"].endswith(f"patient.{field}") for error in answer.get_json()["errors"])
        if value.strip():
            # Three digits of a request's random id are nobody's telephone number.
            assert value not in answer.text.replace(answer.get_json()["request_id"], "")
    minor = send(clinic, birth_date="2015-06-01")
    assert minor.get_json()["errors"] == [{"field": "answered_by", "code": "minor"}]
    assert "A parent, a guardian" in minor.get_json()["title"]
    for field, value in REFUSED_PATIENTS:
        page = clinic.browser().start(**{field: value})
        assert page.status == 422, (field, value)
        assert f'id="e-{field}"' in page.body, (field, value)
        assert f'href="#f-{field}"' in page.body
        assert "<script>" not in page.body.partition("<main")[2]
    kept = clinic.sql("SELECT (SELECT count(*) FROM patient) + (SELECT count(*) FROM submission) AS n")
    assert kept[0].n == 0


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


def test_unusual_but_real_patients(clinic: Clinic) -> None:
    """BAD-47, 48, 49: what people are called and how they write their number is taken, at both doors."""
    for number, (field, value, stored) in enumerate(TAKEN):
        answer = send(clinic, **{"birth_date": f"1979-03-{10 + number}", field: value})
        assert answer.status_code == 201, answer.text
        assert clinic.get(f"/patients/{answer.get_json()['patient_id']}")[field] == stored
        phone = {"phone": f"816-555-02{10 + number}"} if field != "phone" else {}
        page = clinic.browser().start(**{"birth_date": f"03/{10 + number}/1981", **phone, field: value})
        assert page.page == "emergency_signs", (field, value, page.body)
        (newest,) = clinic.sql("SELECT patient_id FROM submission ORDER BY started_at DESC LIMIT 1")
        assert clinic.get(f"/patients/{newest.patient_id}")[field] == stored
    child = {"patient": {**PATIENT, "birth_date": "2015-06-01"}, "answers": {"regions": ["neck"]}}
    taken = clinic.call("POST", "/submissions", {**child, "answered_by": "parent"})
    assert taken.status_code == 201, taken.text


def test_bodies_that_cannot_be_read(clinic: Clinic) -> None:
    """BAD-52, 55: also a body that names another patient's id; five hundred answers are read, five thousand are not."""
    for raw, status in [
        (b'{"patient": {}, "patient": {}}', 400),
        (b'{"answers": {"nprs_now": NaN}}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 200, 400),
        (b'{"answers": {"fever": true}}', 422),
        (b"[]", 422),
        (json.dumps({"patient": PATIENT, "answers": {f"v{n}": 1 for n in range(501)}}).encode(), 413),
        (json.dumps({"patient": PATIENT, "answers": {"other": "x" * 300_000}}).encode(), 413),
        (json.dumps({"patient": PATIENT, "answers": {"fever": True}, "admin": True}).encode(), 422),
        (json.dumps({"patient": {**PATIENT, "id": "1"}, "answers": {"fever": True}}).encode(), 422),
        (json.dumps({"patient": PATIENT, "answers": {f"v{n}": 1 for n in range(5_000)}}).encode(), 413),
        (json.dumps({"patient": PATIENT, "answers": {f"v{n}": 1 for n in range(500)}}).encode(), 422),
    ]:
        answer = clinic.call("POST", "/submissions", raw)
        assert answer.status_code == status, (raw[:80], answer.text)
    assert clinic.sql("SELECT count(*) AS n FROM submission")[0].n == 0
    browser = clinic.browser().start()
    many = {**browser.hidden(), **{f"v{n}": "1" for n in range(5_000)}}
    # A page knows its questions: what is beyond them is refused, however little it weighs.
    assert browser.client.post(browser.at, data=many).status_code == 422
    # Another patient's page is nobody's without their link: the handle in the address opens in their browser only.
    other = clinic.browser("198.51.100.9").start(given_name="Zed", family_name="Zimm", phone="816-555-0161")
    stolen = other.client.post(browser.at, data={**other.hidden(), "thunderclap": "true"})
    assert stolen.status_code == 404
    assert clinic.sql("SELECT count(*) AS n FROM page_save")[0].n == 0


def test_ids_that_name_nothing(clinic: Clinic) -> None:
    for name in ("0", "-1", "00000000-0000-0000-0000-000000000000", "x' OR 1=1", "not-an-id"):
        for kind in ("submissions", "patients", "callback-tasks", "uploads"):
            assert clinic.call("GET", f"/{kind}/{name}", actor=NURSE).status_code == 404, (kind, name)


def test_free_text_is_kept_as_text_and_shown_inert(clinic: Clinic) -> None:
    """BAD-45, 46. The API takes no free text but names and notes: a name that is code stays a name."""
    browser = clinic.browser().start()
    token = browser.token
    (row,) = clinic.sql("SELECT id FROM submission")
    for text in (
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "'; DROP TABLE patient;--",
        "=HYPERLINK(1)",
        "x",
        "🙂",
        "a\u202eb",
        "Z\u0351\u036b\u0343\u036aalgo\u0321\u034d",
    ):
        browser.open(f"/intake/q/{token}/visit").send({"other_notes": text})
        assert "/review/" in browser.at, browser.body
        browser.open(f"/intake/q/{token}/visit")
        assert "<script>alert" not in browser.body
        assert "49" not in browser.body.split("<textarea")[1].split("</textarea>")[0]
        assert clinic.get(f"/submissions/{row.id}")["items"]["other_notes"] == text
    named = send(clinic, family_name="<script>alert(1)</script> {{7*7}}")
    kept = clinic.get(f"/patients/{named.get_json()['patient_id']}")
    assert kept["family_name"] == "<script>alert(1)</script> {{7*7}}"
    # Too long is told, and what was saved before stays: for the page, and for a name by the API (above).
    browser.open(f"/intake/q/{token}/where").send({"regions": ["neck"]})
    browser.open(f"/intake/q/{token}/visit").send({"other_notes": "x" * 10_001})
    assert (browser.status, 'id="e-other_notes"' in browser.body) == (422, True)
    (row,) = clinic.sql("SELECT id, state FROM submission WHERE state = 'draft'")
    assert clinic.get(f"/submissions/{row.id}")["answers"]["regions"] == ["neck"]


def test_a_flag_by_api_is_not_withdrawn_nor_hidden_by_what_is_sent_with_it_or_after(clinic: Clinic) -> None:
    """BAD-43, 44: no page is followed here, so nothing a program says is dropped; a later "no" closes no call-back."""
    first = send(clinic, {"regions": ["low_back"], "saddle_numbness": True, "aura_symptoms": ["visual"]})
    told = clinic.events("intake_submitted")[-1]
    assert first.get_json()["status"] == "stopped"
    assert told["answers"]["aura_symptoms"] == ["visual"]
    (task,) = clinic.get("/callback-tasks")["items"]
    send(clinic, {"regions": ["low_back"], "saddle_numbness": False})
    assert [(one["id"], one["state"]) for one in clinic.get("/callback-tasks")["items"]] == [
        (task["id"], "open")
    ]
    both = [one["answers"]["saddle_numbness"] for one in clinic.events("intake_submitted")]
    assert both == [True, False]


def test_what_is_sent_in_the_last_second_of_a_day_keeps_its_moment_and_its_zone(
    database: DatabaseFactory, session_redis_url: str, service_keys: Keys
) -> None:
    """BAD-56: 23:59:59 in Kansas City before and after the clocks go back, by API and by page: UTC and the zone rest."""
    url = database("intake").app_url
    chicago = ZoneInfo("America/Chicago")
    for day, ahead in ((6, -5), (7, -6)):
        moment = datetime(2027, 11, day, 23, 59, 59, tzinfo=chicago)
        offset = int(moment.timestamp() - time.time())
        made = make_clinic(url, session_redis_url, service_keys, clock_offset_seconds=offset)
        person = {"given_name": f"D{day}", "phone": f"+1816555016{day}", "postcode": "64063"}
        assert send(made, **person).status_code == 201
        page = made.browser().start(given_name=f"E{day}", phone=f"816-555-017{day}", postcode="64063")
        page.open(f"/intake/q/{page.token}/where").send({"regions": ["neck"]})
        page.open(f"/intake/review/{page.token}").send()
        for told in made.events("intake_submitted")[-2:]:
            said = datetime.fromisoformat(told["submitted_at"])
            assert (said.utcoffset(), told["patient"]["time_zone"]) == (timedelta(0), "America/Chicago")
            assert timedelta(seconds=-2) < said - moment < timedelta(minutes=30)
            (row,) = made.sql("SELECT submitted_at FROM submission WHERE id = :id", id=told["submission_id"])
            assert row.submitted_at == said
            assert said.astimezone(chicago).utcoffset() == timedelta(hours=ahead)
        made.parts.database.engine.dispose()


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
