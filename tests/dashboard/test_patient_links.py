"""Links handed out at the desk: on screen as a QR code made here, and nowhere else."""

import html
import re

import pytest

from kernel.ids import new_id
from kernel.web.qr_code import qr_code
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_lists import PERSON, last, offer


@pytest.mark.capability("I9", "I15")
def test_the_desk_shows_a_code_for_the_tablet_and_for_a_phone(clinic: Dashboard) -> None:
    patient = str(new_id())
    offer(clinic, "intake", f"patients/{patient}", {"id": patient, **PERSON, "language": "es", "version": 1})
    token = "AbC_9-" * 7 + "x"
    made = {
        "id": str(new_id()),
        "path": f"/intake/q?lang=es#t={token}",
        "expires_at": clinic.world.now.isoformat(),
    }
    clinic.world.extra["intake", "POST", f"patients/{patient}/links"] = made
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/patients/{patient}")
    assert "Questions on the tablet" in page.text
    fields = browser.form_fields(page, f"/staff/patients/{patient}/link")
    shown = browser.post(f"/staff/patients/{patient}/link", {**fields, "mode": "kiosk"})
    assert shown.status_code == 200
    assert last(clinic) == (f"/patients/{patient}/links", {"mode": "kiosk", "language": "es"})
    found = re.search(r'<input readonly value="([^"]+)"', shown.text)
    assert found
    address = html.unescape(found.group(1))
    assert address.endswith(f"/intake/q?lang=es#t={token}")
    assert str(qr_code(address, "The link as a code for a camera")) in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "Open on this tablet" in shown.text
    phone = browser.post(f"/staff/patients/{patient}/link", {**fields, "mode": "self"})
    assert "Open on this tablet" not in phone.text
    assert browser.post(f"/staff/patients/{patient}/link", {**fields, "mode": "other"}).status_code == 404
    # What is said by telephone is typed right here: no code for a camera, but for whom is kept.
    typed = {**fields, "key": str(new_id()), "mode": "phone", "answered_by": "carer"}
    shown = browser.post(f"/staff/patients/{patient}/link", typed)
    assert last(clinic)[1] == {"mode": "phone", "language": "es", "answered_by": "carer"}
    assert "Open the questions" in shown.text
    assert "read it to them before you hang up" in shown.text
    assert str(qr_code(address, "The link as a code for a camera")) not in shown.text
    # For a child the desk says who will answer: no form offers the child, or whoever may not.
    assert "Answered for the child by" not in page.text
    child = str(new_id())
    born = f"{clinic.world.now.year - 8}-01-01"
    offer(clinic, "intake", f"patients/{child}", {"id": child, **PERSON, "birth_date": born, "version": 1})
    asked = browser.get(f"/staff/patients/{child}").text
    assert asked.count("Answered for the child by") == 2
    offered = re.findall(r'<select name="answered_by">(.*?)</select>', asked, re.S)
    codes = [re.findall(r'value="(\w+)"', one) for one in offered]
    assert codes == [["parent", "guardian", "referrer"]] * 3


def test_a_link_to_follow_a_referral_and_a_refusal_in_words(clinic: Dashboard) -> None:
    referral = str(new_id())
    browser = clinic.signed_in("nurse")
    page = browser.get("/staff/patients")
    fields = {
        **browser.form_fields(page, "/staff/patients"),
        "key": str(new_id()),
        "back": "https://evil.test/",
    }
    refused = browser.post(f"/staff/referrals/{referral}/link", fields)
    assert refused.status_code == 404
    assert "evil.test" not in refused.text
    made = {"id": str(new_id()), "path": "/intake/s?lang=en#t=" + "Z" * 43}
    clinic.world.extra["intake", "POST", f"referrals/{referral}/links"] = made
    shown = browser.post(
        f"/staff/referrals/{referral}/link", {**fields, "key": str(new_id()), "language": "en"}
    )
    assert "#t=" + "Z" * 43 in shown.text
    assert "evil.test" not in shown.text
    assert clinic.signed_in("therapist").post(f"/staff/referrals/{referral}/link", fields).status_code == 403


@pytest.mark.capability("I9", "I14")
def test_a_new_caller_is_entered_and_the_questions_open_at_once(clinic: Dashboard) -> None:
    browser = clinic.signed_in("front_desk")
    assert "/staff/new-caller" in browser.get("/staff/patients").text
    asked = browser.get("/staff/new-caller")
    form = {
        **browser.form_fields(asked, "/staff/new-caller"),
        "mode": "paper",
        "answered_by": "carer",
        "language": "es",
        "given_name": " Rosa ",
        "family_name": "Lund",
        "birth_date": "1961-01-30",
        "phone": "(913) 555-0101",
        "consent_sms": "yes",
        "identifier_kind": "mrn",
        "identifier": "MR-31",
    }
    problem = {
        "code": "invalid",
        "title": "Some fields were not accepted.",
        "errors": [
            {"field": "json.patient.phone", "code": "value_error"},
            {"field": "answered_by", "code": "minor"},
        ],
    }
    clinic.world.refusals["typed-entries"] = (422, problem)
    refused = browser.post("/staff/new-caller", form)
    assert refused.status_code == 422
    for words in (
        "Nothing was stored",
        "ten digits",
        "a guardian or whoever referred",
        'value="MR-31"',
        'value="Lund"',
    ):
        assert words in refused.text, words
    del clinic.world.refusals["typed-entries"]
    clinic.world.away = {"intake"}
    away = browser.post("/staff/new-caller", form)
    assert (away.status_code, browser.form_fields(away, "/staff/new-caller")["key"]) == (503, form["key"])
    clinic.world.away = set()
    path = "/intake/q?lang=es#t=" + "Q" * 43
    clinic.world.extra["intake", "POST", "typed-entries"] = {"path": path, "patient_id": str(new_id())}
    done = browser.post("/staff/new-caller", form)
    assert (done.status_code, done.headers["Location"].endswith(path)) == (303, True)
    assert last(clinic) == (
        "/typed-entries",
        {
            "patient": {
                "given_name": "Rosa",
                "family_name": "Lund",
                "birth_date": "1961-01-30",
                "phone": "(913) 555-0101",
                "email": "",
                "postcode": "",
                "identifiers": [{"system": "urn:waymark:mrn", "value": "MR-31"}],
            },
            "mode": "paper",
            "language": "es",
            "answered_by": "carer",
            "consent": {"sms": True, "email": None},
        },
    )
    # Not asked is the default of both, and goes on as that: no consent is taken back without a word.
    page = browser.get("/staff/new-caller")
    untouched = browser.form_fields(page, "/staff/new-caller")
    for way in ("sms", "email"):
        assert re.search(rf'name="consent_{way}"\s+value="" checked', page.text), way
    assert re.search(r'name="language">\s*<option value="" selected', page.text)
    told = {name: form[name] for name in ("given_name", "family_name", "birth_date", "phone")}
    browser.post("/staff/new-caller", {**untouched, **told})
    body = last(clinic)[1]
    # A number under no kind is asked about, and is never taken for one of ours.
    assert re.search(r'name="identifier_kind">.*?<option value="">', page.text, re.S)
    assert not re.search(r'<option value="mrn" selected', page.text)
    unsaid = browser.post("/staff/new-caller", {**untouched, **told, "identifier": "88"})
    assert (unsaid.status_code, "choose the kind" in unsaid.text) == (422, True)
    assert (body["consent"], body["language"]) == ({"sms": None, "email": None}, "")
    browser.post("/staff/new-caller", {**form, "key": str(new_id()), "consent_sms": "no"})
    assert last(clinic)[1]["consent"]["sms"] is False
    assert clinic.signed_in("therapist").get("/staff/new-caller").status_code == 403
