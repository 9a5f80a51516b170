"""Answers somebody else gives or types: a parent, a carer, staff by telephone or from paper; the record says who."""

import re

import pytest

from tests.intake.conftest import FRONT_DESK, MANAGER, NURSE, Browser, Clinic
from tests.intake.steps import MINIMUM, go_to, send_all


@pytest.mark.capability("I15")
def test_somebody_else_may_answer_and_says_who(clinic: Clinic, browser: Browser) -> None:
    """BAD-51: a child's questionnaire needs a parent or guardian."""
    browser.start(birth_date="2015-06-01")
    assert browser.status == 422
    assert "under 18" in browser.body
    for relation in ("carer", "interpreter", "self", "neighbour"):
        assert clinic.browser().start(birth_date="2015-06-01", answered_by=relation).status == 422, relation
    browser.start(birth_date="2015-06-01", answered_by="parent")
    assert browser.status == 200
    send_all(browser, browser.token)
    (row,) = clinic.sql("SELECT id FROM submission")
    seen = clinic.get(f"/submissions/{row.id}")
    assert seen["answered_by"] == "parent"
    assert seen["answers"]["age_years"] < 18
    # A link that staff hand out for a child says who will answer, too.
    (child,) = clinic.sql("SELECT id FROM patient")
    alone = clinic.call("POST", f"/patients/{child.id}/links", {"mode": "kiosk"}, actor=FRONT_DESK)
    assert (alone.status_code, alone.get_json()["errors"]) == (
        422,
        [{"field": "answered_by", "code": "minor"}],
    )
    body = {"mode": "kiosk", "answered_by": "guardian"}
    assert clinic.call("POST", f"/patients/{child.id}/links", body, actor=FRONT_DESK).status_code == 201
    (begun,) = clinic.sql("SELECT id, answered_by FROM submission WHERE state = 'draft'")
    assert begun.answered_by == "guardian"
    clinic.sql("DELETE FROM patient_link WHERE submission_id = :id", id=begun.id)
    clinic.sql("DELETE FROM submission WHERE id = :id", id=begun.id)
    for relation in ("carer", "referrer"):
        other = clinic.browser().start(
            family_name=relation * 2, birth_date=f"01/0{len(relation)}/1950", answered_by=relation
        )
        assert other.status == 200
    kept = clinic.sql("SELECT answered_by FROM submission WHERE state = 'draft' ORDER BY started_at")
    assert [one.answered_by for one in kept] == ["carer", "referrer"]


@pytest.mark.capability("I9")
@pytest.mark.parametrize("mode", ["phone", "paper"])
def test_staff_enter_what_a_patient_said_or_wrote(clinic: Clinic, mode: str) -> None:
    given = {
        "patient": {
            "given_name": "Rosa",
            "family_name": "Lund",
            "birth_date": "1961-01-30",
            "phone": "9135550101",
        },
        "answers": {"regions": ["low_back"]},
        "mode": mode,
        "answered_by": "carer",
        "language": "es",
    }
    answer = clinic.call("POST", "/submissions", given, actor=FRONT_DESK)
    assert answer.status_code == 201, answer.text
    seen = clinic.get(f"/submissions/{answer.get_json()['id']}", NURSE)
    assert seen["mode"] == mode
    assert seen["author"] == {"kind": "staff", "id": "desk-1", "role": "front_desk"}
    assert seen["answered_by"] == "carer"
    assert clinic.call("GET", f"/submissions/{seen['id']}", actor=FRONT_DESK).status_code == 403


@pytest.mark.capability("I9", "I15")
def test_staff_type_on_the_pages_what_they_are_told_and_the_record_says_so(clinic: Clinic) -> None:
    """The open form is taken over; whoever types acts in the audit; answers of before are for who may see answers."""
    begun = clinic.browser().start()
    begun.send({"thunderclap": "false"})
    go_to(begun, begun.token, "pain_now").send({"nprs_now": "6"})
    (row,) = clinic.sql("SELECT id, patient_id FROM submission")
    at = f"/patients/{row.patient_id}/links"
    asked = {"mode": "phone", "language": "es", "answered_by": "interpreter"}
    link = clinic.call("POST", at, asked, actor=FRONT_DESK).get_json()
    assert (link["resumed"], link["submission_id"]) == (True, str(row.id))
    desk = clinic.browser("198.51.100.30").open(link["path"]).send({"birth_date": "04/23/1980"})
    assert 'value="6" checked' not in go_to(desk, desk.token, "pain_now").body, "the desk sees no answers"
    go_to(desk, desk.token, "where").send(MINIMUM["where"])
    nurse_link = clinic.call("POST", at, {**asked, "mode": "paper"}, actor=NURSE).get_json()
    assert go_to(desk, desk.token, "pain_now").status == 404, "the newer link replaces it"
    nurse = clinic.browser("198.51.100.31").open(nurse_link["path"]).send({"birth_date": "04/23/1980"})
    assert 'value="6" checked' in go_to(nurse, nurse.token, "pain_now").body
    go_to(nurse, nurse.token, "pain_now").send({"nprs_now": "7"})
    nurse.open(f"/intake/review/{nurse.token}").send()
    assert nurse.status == 200, nurse.body
    seen = clinic.get(f"/submissions/{row.id}")
    assert (seen["mode"], seen["answered_by"], seen["status"]) == ("mixed", "interpreter", "submitted")
    said = {page: (how["mode"], how["typed_by"]) for page, how in seen["pages"].items()}
    assert said["emergency_signs"] == ("self", None)
    assert (said["pain_now"], said["where"]) == (("paper", "nurse-1"), ("phone", "desk-1"))
    steps = [
        (one["page"], one["mode"], one["author"]["id"])
        for one in seen["history"]
        if one["page"] == "pain_now"
    ]
    assert steps == [("pain_now", "self", str(row.patient_id)), ("pain_now", "paper", "nurse-1")]
    words = {one["title"]: one for one in clinic.get(f"/submissions/{row.id}/as-answered")["pages"]}
    assert {one["typed_by"] for one in words.values()} == {None, "desk-1", "nurse-1"}
    assert seen["author"] == {"kind": "staff", "id": "nurse-1", "role": "nurse"}
    audit = clinic.sql(
        "SELECT action, actor_kind, actor_id FROM audit_entry WHERE subject_id = :id ORDER BY id",
        id=str(row.id),
    )
    by = {(one.action, one.actor_kind, one.actor_id) for one in audit}
    assert ("take_over_draft", "staff", "desk-1") in by
    assert ("save_page", "staff", "nurse-1") in by
    (told,) = clinic.events("intake_submitted")
    assert told["mode"] == "mixed"
    assert (told["answers"]["nprs_now"], told["answers"]["regions"]) == (7, ["neck"])
    for body in ({"mode": "fax"}, {"mode": "phone", "answered_by": "neighbour"}):
        assert clinic.call("POST", at, body, actor=NURSE).status_code == 422


@pytest.mark.capability("I9", "I14", "I15")
def test_a_new_caller_is_one_step_and_what_they_go_on_with_alone_is_theirs(clinic: Clinic) -> None:
    """The birth date was told when the record was made, so the questions open at once: for this browser, once."""
    number = {"system": "urn:waymark:mrn", "value": "MR-31"}
    caller = {
        "given_name": "Rosa",
        "family_name": "<b>Lund",
        "birth_date": "1961-01-30",
        "phone": "9135550101",
        "identifiers": [number],
    }
    entry = {
        "patient": caller,
        "mode": "phone",
        "answered_by": "carer",
        "language": "es",
        "consent": {"sms": True},
    }
    for change, field in (
        ({"patient": {**caller, "phone": ""}}, "patient.phone"),
        ({"patient": {**caller, "birth_date": "2020-01-30"}}, "answered_by"),
        ({"patient": {**caller, "birth_date": "1961-02-30"}}, "patient.birth_date"),
    ):
        refused = clinic.call("POST", "/typed-entries", {**entry, **change}, actor=FRONT_DESK)
        assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, field)
    assert clinic.sql("SELECT count(*) AS n FROM patient")[0].n == 0
    assert clinic.call("POST", "/typed-entries", entry, actor=MANAGER).status_code == 403
    made = clinic.call("POST", "/typed-entries", entry, actor=FRONT_DESK)
    assert made.status_code == 201, made.text
    begun = made.get_json()
    assert clinic.get(f"/patients/{begun['patient_id']}")["identifiers"][0]["value"] == "MR-31"
    desk = clinic.browser("198.51.100.30").open(begun["path"])
    assert (desk.page, "page-form" in desk.body) == ("emergency_signs", True), (
        "no birth date is asked a second time"
    )
    assert "You are typing for Rosa &lt;b&gt;Lund." in desk.body
    assert "Read each question aloud" in desk.body
    assert re.search(r'wm-typing" lang="en"', desk.body), (
        "the banner is for staff, whatever the questions are in"
    )
    found = clinic.browser("198.51.100.31").open(begun["path"])
    assert "page-form" not in found.body, "who finds the address later is asked for the birth date"
    desk.send({"thunderclap": "false"})
    go_to(desk, desk.token, "where").send({"regions": ["neck"]})
    assert "You are typing for" in desk.open(f"/intake/review/{desk.token}").body
    # They go on alone, by a link of their own.
    link = clinic.call("POST", f"/patients/{begun['patient_id']}/links", {}, actor=FRONT_DESK).get_json()
    assert (link["resumed"], link["submission_id"]) == (True, begun["submission_id"])
    phone = clinic.browser("198.51.100.32").open(link["path"]).send({"birth_date": "01/30/1961"})
    assert "You are typing for" not in phone.body
    go_to(phone, phone.token, "pain_now").send({"nprs_now": "6"})
    phone.open(f"/intake/review/{phone.token}").send()
    seen = clinic.get(f"/submissions/{begun['submission_id']}")
    assert (seen["status"], seen["mode"], seen["answered_by"]) == ("submitted", "mixed", "carer")
    assert seen["pages"]["where"] == {"mode": "phone", "typed_by": "desk-1"}
    assert seen["pages"]["pain_now"] == {"mode": "self", "typed_by": None}
    audit = {(one.action, one.actor_id) for one in clinic.sql("SELECT action, actor_id FROM audit_entry")}
    assert ("ask_birth_date", "desk-1") in audit
    # Who is known already is found, not made again: the same flow goes on with their record.
    # Nobody asked about messages or the language this time: what they said before stays, here and in what is sent.
    asked_less = {"patient": caller, "mode": "paper"}
    again = clinic.call("POST", "/typed-entries", asked_less, actor=NURSE).get_json()
    assert again["patient_id"] == begun["patient_id"]
    person = clinic.get(f"/patients/{again['patient_id']}")
    assert (person["language"], person["consent"]) == ("es", {"sms": True, "email": False})
    assert "lang=es" in again["path"]
    kept = clinic.sql(
        "SELECT consent_sms, language FROM submission WHERE id = :id", id=again["submission_id"]
    )
    assert [(one.consent_sms, one.language) for one in kept] == [(True, "es")]
    # Asked again, and now they say no: that holds for the questionnaire that is open, too.
    said_no = {**asked_less, "consent": {"sms": False}}
    again = clinic.call("POST", "/typed-entries", said_no, actor=NURSE).get_json()
    assert clinic.get(f"/patients/{again['patient_id']}")["consent"]["sms"] is False
    kept = clinic.sql("SELECT consent_sms FROM submission WHERE id = :id", id=again["submission_id"])
    assert [one.consent_sms for one in kept] == [False]
    nurse = clinic.browser("198.51.100.33").open(again["path"])
    assert "Copy what is on the paper" in nurse.body
    go_to(nurse, nurse.token, "emergency_signs").send({"thunderclap": "true"})
    stopped = clinic.get(f"/submissions/{again['submission_id']}")
    assert (stopped["status"], stopped["mode"]) == ("stopped", "paper")
    assert "call them now and read it to them" in nurse.body
    assert f'href="/staff/patients/{begun["patient_id"]}"' in nurse.body
    assert "You typed for" not in phone.open(phone.at).body
    nurse.send(path=f"{nurse.at}read")
    read = clinic.sql("SELECT actor_id FROM audit_entry WHERE action = 'read_safety_text'")
    assert [one.actor_id for one in read] == ["nurse-1"], "whoever was there noted it"
