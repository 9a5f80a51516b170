"""Questions that another answer of the same page opens: what counts, what shows, and what a script may ask."""

import pytest

from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import question, questionnaire
from tests.intake.imported_form import YES, open_form, publish, submission_of


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
    document = questionnaire("one-page", [page, question("later", "string")])
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
        assert answer.get_json() == {"open": opens}, typed
    assert submission_of(clinic, document["url"])["items"] == {}, "asking what is open stores nothing"
    browser.send({"a": "false", "b": "not asked", "d": "3"})
    assert submission_of(clinic, document["url"])["items"] == {"a": False}
    browser.open(f"/intake/q/{token}/both").send({"a": "true", "b": "asked", "c": "too", "d": "3"})
    assert submission_of(clinic, document["url"])["items"] == {"a": True, "b": "asked", "c": "too", "d": 3}
    browser.open(f"/intake/q/{token}/both").send({"a": "false", "b": "asked", "c": "too", "d": "3"})
    assert (browser.page, submission_of(clinic, document["url"])["items"]) == ("later", {"a": False})
    stranger = clinic.browser()
    stranger.open(f"/intake/q/{token}/both").send({"_opens": "b"}, path=f"/intake/q/{token}/both/open")
    assert stranger.status in (403, 404)


#: Fields that come and go, two of them nowhere on the page.
OPENING = ["b", "c", "g", "rows.0.why", "rows.2.why", "rows.9999999.why", "nowhere"]
