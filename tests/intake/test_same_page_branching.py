"""Questions that another answer of the same page opens: what counts, what shows, and what a script may ask."""

import io

import pytest
from werkzeug.datastructures import MultiDict

from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import question, questionnaire
from tests.intake.imported_form import YES, open_form, publish, submission_of
from tests.intake.test_uploads import PDF


@pytest.mark.capability("I2", "I6")
def test_a_question_on_the_page_of_its_condition_is_asked_only_while_that_holds(clinic: Clinic) -> None:
    """It stands on the page for whoever has no script; what counts is decided on the server, by what was sent."""
    opened = question("b", "string", required=True, enableWhen=[{"question": "a", **YES}])
    inner = question(
        "c", "string", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]
    )
    group = {
        "linkId": "g",
        "type": "group",
        "text": "More",
        "enableWhen": [{"question": "a", **YES}],
        "item": [question("d", "integer"), inner],
    }
    took = question("took", "boolean")
    why = question("why", "string", enableWhen=[{"question": "took", **YES}])
    rows = {"linkId": "rows", "type": "group", "repeats": True, "text": "Drug", "item": [took, why]}
    asked = [question("a", "boolean"), opened, group, rows]
    page = {"linkId": "both", "type": "group", "text": "Both", "item": asked}
    document = questionnaire("one-page", [page, question("last", "string")])
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    token = browser.token
    for name in ("b", "c", "d", "rows.0.why"):
        assert f'id="f-{name}"' in browser.body, "without a script all of them are on the page"
    browser.send({"a": "true"})
    assert (browser.status, 'href="#f-b"' in browser.body) == (422, True)
    for typed, opens in (
        ({}, []),
        ({"a": "true"}, ["b", "g"]),
        ({"a": "true", "b": "x", "d": "no number"}, ["b", "c", "g"]),
        ({"a": "false", "b": "x"}, []),
        ({"rows.0.took": "false", "rows.2.took": "true"}, ["rows.2.why"]),
    ):
        fields = {**browser.hidden(), **typed, "_opens": OPENING}
        answer = browser.client.post(f"/intake/q/{token}/both/open", data=fields)
        assert answer.get_json() == {"open": opens, "totals": {}}, typed
    assert submission_of(clinic, document["url"])["items"] == {}, "asking what is open stores nothing"
    browser.send({"a": "false", "b": "not asked", "d": "3"})
    assert submission_of(clinic, document["url"])["items"] == {"a": False}
    browser.open(f"/intake/q/{token}/both").send({"a": "true", "b": "asked", "c": "too", "d": "3"})
    assert submission_of(clinic, document["url"])["items"] == {"a": True, "b": "asked", "c": "too", "d": 3}
    browser.open(f"/intake/q/{token}/both").send({"a": "false", "b": "asked", "c": "too", "d": "3"})
    assert (browser.page, submission_of(clinic, document["url"])["items"]) == ("last", {"a": False})
    # With a form token of their own, and so refused for nothing but the link: who never had it, and who has it without
    # the birth date.
    stranger = clinic.browser().open("/intake/start")
    assert "csrf_token" in stranger.hidden()
    stranger.send({"a": "true", "_opens": "b"}, path=f"/intake/q/{token}/both/open")
    assert (stranger.status, '"open"' in stranger.body) == (404, False)
    (row,) = clinic.sql("SELECT patient_id FROM submission WHERE form = :url", url=document["url"])
    again = clinic.call("POST", f"/patients/{row.patient_id}/links", {"questionnaire": document["url"]})
    holder = clinic.browser().open(again.get_json()["path"])
    assert "birth_date" in holder.body
    holder.send({"a": "true", "_opens": "b"}, path=f"/intake/q/{holder.token}/both/open")
    assert (holder.status, '"open"' in holder.body) == (404, False)


@pytest.mark.capability("I11", "I18", "I19")
def test_a_page_of_more_than_a_thousand_fields_is_saved_and_several_files_are_kept(clinic: Clinic) -> None:
    """A browser sends it in parts, of which the form parser takes a thousand unless it is told otherwise."""
    files = question("files", "attachment", repeats=True)
    many = [question(f"q{number}", "string") for number in range(1_200)]
    page = {
        "linkId": "many",
        "type": "group",
        "text": "Many",
        "item": [question("a", "boolean"), files, *many],
    }
    document = questionnaire("many-fields", [page, question("last", "string")])
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    path = f"/intake/q/{browser.token}/many"
    typed = {f"q{number}": str(number) for number in range(1_200)}

    def send(name: str, **fields: str) -> None:
        form = {**browser.open(path).hidden(), **typed, **fields, "files": (io.BytesIO(PDF), name)}
        sent = browser.client.post(path, data=form, environ_base={"REMOTE_ADDR": browser.address})
        assert sent.status_code == 303, sent.text

    send("first.pdf", q7="seven")
    send("second.pdf")
    items = submission_of(clinic, document["url"])["items"]
    assert ({f"q{number}" for number in range(1_200)} <= items.keys(), items["q1199"]) == (True, "1199")
    assert [one["title"] for one in items["files"]] == ["first.pdf", "second.pdf"]
    shown = browser.open(path).body
    assert "first.pdf" in shown
    assert "second.pdf" in shown
    names = [("_opens", name) for name in typed]
    fields = MultiDict([*browser.hidden().items(), *typed.items(), *names])
    asked = browser.client.post(f"{path}/open", data=fields, content_type="multipart/form-data")
    assert len(asked.get_json()["open"]) == 1_200


#: Fields that come and go, two of them nowhere on the page.
OPENING = ["b", "c", "g", "rows.0.why", "rows.2.why", "rows.9999999.why", "nowhere"]
