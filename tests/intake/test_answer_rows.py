"""Questions under a question with several answers: each answer has its own, on the page and in FHIR."""

import re
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from services.intake.rules.answer_rows import as_asked
from services.intake.rules.initial_answers import initial_answers
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import BASE, extension, question, questionnaire
from tests.intake.imported_form import open_form, publish, submission_of


def several() -> dict[str, Any]:
    """Answers to tick with questions under each, one for "other" alone; lines with a question under each."""
    codes = [("a", "Left"), ("b", "Right"), ("n", "Neither")]
    options: list[dict[str, Any]] = [
        {"valueCoding": {"system": "urn:x", "code": code, "display": words}} for code, words in codes
    ]
    options[2]["extension"] = [{"url": BASE + "questionnaire-optionExclusive", "valueBoolean": True}]
    not_none = {"question": "side", "operator": "!=", "answerCoding": {"system": "urn:x", "code": "n"}}
    often = question("often", "integer", required=True, enableWhen=[not_none])
    pain = question("pain", "boolean", enableWhen=[not_none])
    side = question(
        "side", "open-choice", repeats=True, required=True, answerOption=options, item=[often, pain]
    )
    dose = question("dose", "string", initial=[{"valueString": "a glass"}])
    drug = question("drug", "string", repeats=True, item=[dose], initial=[{"valueString": "Water"}])
    begun = {
        "linkId": "begun",
        "type": "group",
        "repeats": True,
        "text": "Begun",
        "item": [
            question("what", "string", initial=[{"valueString": "as before"}]),
            question("when", "string"),
        ],
    }
    told = question(
        "told",
        "string",
        enableWhen=[{"question": "drug", "operator": "=", "answerString": "Tea"}],
    )
    page = {"linkId": "page", "type": "group", "text": "All", "item": [side, drug, begun]}
    return questionnaire("several", [page, told])


@pytest.mark.capability("I1", "I2", "I18")
def test_each_answer_is_asked_what_stands_under_it(clinic: Clinic) -> None:
    document = several()
    assert read_questionnaire(document).not_honoured == ()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    page = browser.body
    for name in ("side~rows.0.side", "side~rows.0.often", "side~rows.1.often", "side~rows.3.side.other"):
        assert f'name="{name}"' in page, name
    assert 'name="side~rows.2.often"' not in page, "nothing is asked under Neither"
    assert 'data-opens="side~rows.0.often" data-closed' in page, "with a script it comes with its answer"
    assert 'value="Water"' in page
    assert page.count('value="a glass"') == 1, "it comes with the answer it stands under"
    assert page.count('value="as before"') == 1, "a group that repeats begins with one row"
    ticked = {"side~rows.0.side": "a", "side~rows.2.side": "n", "side~rows.0.often": "2"}
    for name, typed, at in (
        ("nothing ticked", {}, "side~rows.0.side"),
        ("what stands under it is left out", {"side~rows.1.side": "b"}, "side~rows.1.often"),
        ("neither, and a side", ticked, "side~rows.0.side"),
        ("no number", {"side~rows.1.side": "b", "side~rows.1.often": "x"}, "side~rows.1.often"),
        ("a dose of nothing", {"side~rows.2.side": "n", "drug~rows.1.dose": "1"}, "drug~rows.1.drug"),
    ):
        browser.send(typed)
        assert (browser.status, f'href="#f-{at}"' in browser.body) == (422, True), name
        assert f'id="f-{at}"' in browser.body, name
    sent = {
        "side~rows.1.side": "b",
        "side~rows.1.often": "4",
        "side~rows.3.side.other": "Both arms",
        "side~rows.3.often": "1",
        "drug~rows.0.drug": "Tea",
        "drug~rows.0.dose": "a cup",
        "drug~rows.2.drug": "Milk",
        "begun.0.what": "as before",
    }
    # What is written under an answer nobody ticked is not dropped: it is shown again, to tick or to clear.
    browser.send({**sent, "side~rows.0.often": "9"})
    assert browser.status == 422
    assert "under an answer you did not pick" in browser.body
    for at in ("side~rows.0.side", "side~rows.0.often"):
        assert f'href="#f-{at}"' in browser.body, at
    assert re.search(r'name="side~rows.0.often"[^>]*value="9"', browser.body)
    assert 'value="Both arms"' in browser.body
    assert not submission_of(clinic, document["url"])["items"].get("side~rows")
    # A choice there cannot be cleared on the page: it is told, and taken off.
    for pain in ({"side~rows.0.pain": "true"}, {"side~rows.0.pain": "true", "side~rows.0.often": "9"}):
        browser.send({**sent, **pain})
        assert (browser.status, "We took it off" in browser.body) == (422, True)
        for at in ("side~rows.0.side", "side~rows.0.pain"):
            assert f'href="#f-{at}"' in browser.body, at
        assert not re.search(r'name="side~rows.0.pain"[^>]*checked', browser.body)
    browser.send(sent)
    assert browser.page == "told", browser.body
    kept = submission_of(clinic, document["url"])
    assert kept["items"] == {
        "side~rows": [{"side": "b", "often": 4}, {"side": {"text": "Both arms"}, "often": 1}],
        "drug~rows": [{"drug": "Tea", "dose": "a cup"}, {"drug": "Milk"}],
        "begun": [{"what": "as before"}],
    }
    shown = browser.open(f"/intake/q/{browser.token}/page").body
    assert 'id="f-side~rows.1.side-b" name="side~rows.1.side" value="b" checked' in shown
    assert all(f'value="{said}"' in shown for said in ("Both arms", "a cup", "Milk"))
    written = clinic.get(f"/submissions/{kept['id']}/questionnaire-response")
    QuestionnaireResponse.model_validate(written)
    side, drug = written["item"][0]["item"][:2]
    assert side["linkId"] == "side"
    assert [one["item"][0]["answer"] for one in side["answer"]] == [
        [{"valueInteger": 4}],
        [{"valueInteger": 1}],
    ]
    assert side["answer"][1]["valueString"] == "Both arms"
    assert [one["valueString"] for one in drug["answer"]] == ["Tea", "Milk"]
    assert "item" not in drug["answer"][1]
    said = clinic.get(f"/submissions/{kept['id']}/as-answered")["pages"][0]["answers"]
    assert said[0] == {
        "question": "Question side",
        "answers": ["Right; Question often: 4", "Both arms; Question often: 1"],
    }


@pytest.mark.capability("I18")
def test_what_stands_under_no_answer_yet_does_not_begin() -> None:
    inside = question("b", "string", initial=[{"valueString": "x"}])
    form = read_questionnaire(questionnaire("x", [question("a", "string", repeats=True, item=[inside])]))
    assert form.not_honoured == ("item: initial under a repeating question that begins empty",)
    assert initial_answers(form.pages[0]) == {}


@pytest.mark.capability("I1")
def test_answers_of_before_are_read_as_rows() -> None:
    """Answers are read on their version for ever: once, a list was one answer and what stood under it was asked once."""
    form = read_questionnaire(several())
    before = {"side": ["a", "b"], "often": 3, "drug": ["Tea"], "told": "x"}
    assert as_asked(form, before) == {
        "side~rows": [{"side": "a", "often": 3}, {"side": "b"}],
        "drug~rows": [{"drug": "Tea"}],
        "told": "x",
    }
    assert as_asked(form, {"side": [], "told": "x"}) == {"told": "x"}


@pytest.mark.capability("I18")
def test_as_many_answers_as_are_asked_for_and_no_more(clinic: Clinic) -> None:
    """maxOccurs holds for answers to tick, minOccurs gives that many fields, and what is listed is an answer."""
    most = extension("questionnaire-maxOccurs", valueInteger=2)
    least = extension("questionnaire-minOccurs", valueInteger=5)
    two = question("a", "choice", repeats=True, extension=[most])
    many = question("many", "string", repeats=True, extension=[least])
    rows = question("rows", "group", repeats=True, extension=[least], item=[question("r", "string")])
    page = question("page", "group", item=[two, many])
    year = question("year", "date", answerOption=[{"valueDate": "2025"}, {"valueDate": "2026"}])
    far = question("far", "string", repeats=True, extension=[{**least, "valueInteger": 900}])
    document = questionnaire("two", [page, rows, year, far])
    assert read_questionnaire(document).not_honoured == ("item: minOccurs above 20",)
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    browser.send({"a": ["a", "b", "c"], "many": list("vwxyz")})
    assert (browser.status, "These are more answers than fit here." in browser.body) == (422, True)
    assert 'id="f-many-4"' in browser.body
    browser.send({"a": ["a", "b"], "many": list("vwxyz")})
    assert (browser.page, 'name="rows.4.r"' in browser.body) == ("rows", True)
    browser.send({f"rows.{place}.r": "x" for place in range(5)})
    browser.send({"year": "2027-01-01"})
    assert browser.status == 422
    browser.send({"year": "2026"})
    kept = submission_of(clinic, document["url"])
    assert kept["items"] == {"a": ["a", "b"], "many": list("vwxyz"), "rows": [{"r": "x"}] * 5, "year": "2026"}
