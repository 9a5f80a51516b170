"""Answers somebody else gives or types: a parent, a carer, staff by telephone or from paper; the record says who."""

import pytest

from tests.intake.conftest import FRONT_DESK, NURSE, Browser, Clinic
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
    assert (seen["mode"], seen["answered_by"], seen["status"]) == ("paper", "interpreter", "submitted")
    assert seen["author"] == {"kind": "staff", "id": "nurse-1", "role": "nurse"}
    audit = clinic.sql(
        "SELECT action, actor_kind, actor_id FROM audit_entry WHERE subject_id = :id ORDER BY id",
        id=str(row.id),
    )
    by = {(one.action, one.actor_kind, one.actor_id) for one in audit}
    assert ("take_over_draft", "staff", "desk-1") in by
    assert ("save_page", "staff", "nurse-1") in by
    (told,) = clinic.events("intake_submitted")
    assert (told["answers"]["nprs_now"], told["answers"]["regions"]) == (7, ["neck"])
    for body in ({"mode": "fax"}, {"mode": "phone", "answered_by": "neighbour"}):
        assert clinic.call("POST", at, body, actor=NURSE).status_code == 422
