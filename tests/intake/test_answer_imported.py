"""An imported questionnaire is answered by a patient on the pages, and read back as FHIR, on the version it was."""

import base64
import io
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from tests.intake.conftest import Browser, Clinic
from tests.intake.fhir_examples import BASE, OPTIONS, extension, question, questionnaire
from tests.intake.imported_form import YES, open_form, publish, submission_of
from tests.intake.publisher_examples import PUBLISHED, lhc_panel

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
KG = {"system": "http://unitsofmeasure.org", "code": "kg", "display": "kilograms"}
LB = {"system": "http://unitsofmeasure.org", "code": "[lb_av]", "display": "pounds"}


def every_type() -> dict[str, Any]:
    """One page of each type, one of groups that repeat; linkIds as awkward as publishers make them."""
    units = [extension("questionnaire-unitOption", valueCoding=one) for one in (KG, LB)]
    types = [
        question("t/bool", "boolean", required=True, prefix="1)"),
        question("t.decimal", "decimal", extension=[extension("questionnaire-unit", valueCoding=KG)]),
        question("t int", "integer", extension=[extension("maxValue", valueInteger=9)]),
        question("t-date", "date", extension=[extension("minValue", valueDate="2020-01-01")]),
        question("t-moment", "dateTime"),
        question("t-time", "time"),
        question(
            "t-words", "string", maxLength=10, extension=[extension("regex", valueString="[A-Z]{2}[0-9]+")]
        ),
        question("t-text", "text", extension=[extension("minLength", valueInteger=3)]),
        question("t-url", "url"),
        question("t-one", "choice", answerOption=[{"valueInteger": n} for n in (1, 2, 3)]),
        question("t-several", "choice", repeats=True, answerOption=OPTIONS),
        question("t-open", "open-choice", answerOption=OPTIONS),
        question("t-amount", "quantity", extension=units),
        question("t-file", "attachment"),
        question("t-ref", "reference"),
        question("t-lines", "string", repeats=True),
        question("t-far", "choice", answerValueSet="https://example.test/vs"),
    ]
    child = question("why", "string", required=True, enableWhen=[{"question": "took", **YES}])
    inner = {
        "linkId": "times",
        "type": "group",
        "repeats": True,
        "text": "Time",
        "item": [question("at", "time")],
    }
    drug = {
        "linkId": "drug",
        "type": "group",
        "item": [question("name", "string"), question("took", "boolean"), child],
    }
    rows = {"linkId": "drugs", "type": "group", "repeats": True, "text": "Drug", "item": [drug, inner]}
    heavy = {"question": "t-amount", "operator": ">", "answerQuantity": {"value": 50, "code": "kg"}}
    more = question("more", "string", required=True, enableWhen=[heavy])
    kept = question(
        "kept",
        "string",
        initial=[{"valueString": "set"}],
        extension=[extension("questionnaire-hidden", valueBoolean=True)],
    )
    return questionnaire(
        "every-type",
        [
            {"linkId": "types", "type": "group", "text": "Types", "item": types},
            {"linkId": "second/page", "type": "group", "text": "Rows", "item": [rows, more, kept]},
        ],
    )


ANSWERED: dict[str, Any] = {
    "t~2fbool": "false",
    "t~2edecimal": "70,5",
    "t~20int": "7",
    "t-date": "2026-02-03",
    "t-moment": "2026-02-03T04:05",
    "t-time": "06:07",
    "t-words": "AB12",
    "t-text": "some words",
    "t-url": "https://example.test/a",
    "t-one": "2",
    "t-several": ["a", "c"],
    "t-open.other": "mine",
    "t-amount": "120",
    "t-amount.unit": "[lb_av]",
    "t-ref": "Practitioner/7",
    "t-lines": ["one", "", "two"],
    "t-far": "free",
}


#: What would be right is said where the question sets it.
WORDED = {
    "t~20int": "Please write 9 or a smaller number.",
    "t-text": "This text is too short. Please write at least 3 letters.",
}


@pytest.mark.capability("I1", "I6", "I18")
def test_every_type_is_answered_on_the_page_and_read_back_as_fhir(clinic: Clinic) -> None:
    document = every_type()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    assert browser.page == "types", browser.body
    for at, told in (
        ("t~2fbool", ""),
        ("t~20int", "10"),
        ("t-date", "2019-12-31"),
        ("t-words", "ab"),
        ("t-text", "x"),
        ("t-url", "nowhere"),
        ("t-one", "4"),
        ("t-time", "25:00"),
        ("t-several", ["a", "a"]),
    ):
        browser.send({**ANSWERED, at: told})
        assert browser.status == 422, (at, told)
        assert f'href="#f-{at}"' in browser.body
        assert WORDED.get(at, "") in browser.body, at
    page = browser.send({**ANSWERED, "t-file": (io.BytesIO(PIXEL), "card.png", "image/png")})
    assert page.page == "second~2fpage", browser.body
    assert "Question more" not in browser.body or "more" in browser.body
    browser.send(
        {
            "drugs.0.name": "A",
            "drugs.0.took": "false",
            "drugs.0.why": "never shown",
            "drugs.2.name": "B",
            "drugs.2.took": "true",
            "drugs.2.times.0.at": "08:00",
            "drugs.2.times.1.at": "20:00",
            "more": "heavy",
        }
    )
    assert browser.status == 422
    assert 'href="#f-drugs.2.why"' in browser.body, "required in the row it is asked in, and only there"
    assert 'href="#f-drugs.0.why"' not in browser.body
    browser.send(
        {
            "drugs.0.name": "A",
            "drugs.0.took": "false",
            "drugs.0.why": "never shown",
            "drugs.2.name": "B",
            "drugs.2.took": "true",
            "drugs.2.why": "ill",
            "drugs.2.times.0.at": "08:00",
            "drugs.2.times.1.at": "20:00",
            "more": "heavy",
        }
    )
    assert "/review/" in browser.at, browser.body
    browser.send()
    stored = submission_of(clinic, document["url"])
    assert stored["status"] == "submitted"
    assert stored["questionnaire"] == f"{document['url']}|1"
    items = stored["items"]
    assert items["drugs"] == [
        {"name": "A", "took": False},
        {"name": "B", "took": True, "why": "ill", "times": [{"at": "08:00"}, {"at": "20:00"}]},
    ]
    assert (items["t.decimal"], items["t int"], items["t-lines"], items["kept"]) == (
        70.5,
        7,
        ["one", "two"],
        "set",
    )
    assert not clinic.events("intake_submitted")[1:], "it asks nothing a route is decided by"

    response = clinic.get(f"/submissions/{stored['id']}/questionnaire-response")
    QuestionnaireResponse.model_validate(response)
    assert response["questionnaire"] == stored["questionnaire"]
    answers = {
        one["linkId"]: [next(iter(a.items())) for a in one["answer"]] for one in response["item"][0]["item"]
    }
    file = answers.pop("t-file")[0][1]
    assert file["title"] == "card.png"
    assert answers == {
        "t/bool": [("valueBoolean", False)],
        "t.decimal": [("valueDecimal", 70.5)],
        "t int": [("valueInteger", 7)],
        "t-date": [("valueDate", "2026-02-03")],
        "t-moment": [("valueDateTime", "2026-02-03T04:05:00-06:00")],
        "t-time": [("valueTime", "06:07:00")],
        "t-words": [("valueString", "AB12")],
        "t-text": [("valueString", "some words")],
        "t-url": [("valueUri", "https://example.test/a")],
        "t-one": [("valueInteger", 2)],
        "t-several": [("valueCoding", {"system": "urn:x", "code": c, "display": c.upper()}) for c in "ac"],
        "t-open": [("valueString", "mine")],
        "t-amount": [
            ("valueQuantity", {"value": 120, "unit": "pounds", "system": KG["system"], "code": "[lb_av]"})
        ],
        "t-ref": [("valueReference", {"reference": "Practitioner/7"})],
        "t-lines": [("valueString", "one"), ("valueString", "two")],
        "t-far": [("valueString", "free")],
    }
    rows = [one for one in response["item"][1]["item"] if one["linkId"] == "drugs"]
    assert [len(row["item"]) for row in rows] == [1, 3]


@pytest.mark.capability("I2", "I6")
def test_going_back_clears_what_is_hidden_and_its_required(clinic: Clinic) -> None:
    document = every_type()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    token = browser.token
    browser.send(ANSWERED)
    browser.send({"more": "heavy"})
    assert submission_of(clinic, document["url"])["items"]["more"] == "heavy"
    browser.open(f"/intake/q/{token}/types").send({**ANSWERED, "t-amount": "40", "t-amount.unit": "kg"})
    assert "more" not in submission_of(clinic, document["url"])["items"]
    assert 'name="more"' not in browser.body
    browser.send({})
    assert "/review/" in browser.at
    browser.open(f"/intake/q/{token}/types").send({**ANSWERED, "t-amount": "111", "t-amount.unit": "[lb_av]"})
    browser.open(f"/intake/review/{token}").send()
    assert browser.status == 422, "111 pounds are more than 50 kilograms: it is asked, and required, again"


@pytest.mark.capability("I1")
def test_answers_stay_on_the_version_they_were_given_on(clinic: Clinic) -> None:
    document = every_type()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    token = browser.token
    browser.send(ANSWERED)
    later = {**document, "version": "2", "item": [question("new", "boolean")]}
    publish(clinic, later)
    browser.open(f"/intake/q/{token}/types")
    assert "Question t/bool" in browser.body
    browser.open(f"/intake/q/{token}/second~2fpage").send({"more": "x"})
    browser.send()
    stored = submission_of(clinic, document["url"])
    assert stored["questionnaire"].endswith("|1")
    response = clinic.get(f"/submissions/{stored['id']}/questionnaire-response")
    assert response["item"][0]["text"] == "Types"
    (said, *_) = clinic.get(f"/submissions/{stored['id']}/as-answered")["pages"]
    assert "Question t/bool" in [one["question"] for one in said["answers"]], "for staff too"


@pytest.mark.capability("I3", "C8", "I18")
def test_a_panel_of_loinc_is_scored_and_its_ninth_item_alerts(clinic: Clinic) -> None:
    document = {**lhc_panel(), "status": "active", "url": "https://example.test/Questionnaire/panel"}
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    codes = "44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3".split()
    browser.send({f"~2f{code}": "LA6569-3" for code in codes})
    browser.send({"~2f44260-8": "LA6569-3", "~2f29463-7": "70"})
    assert "988" in browser.body
    assert clinic.get("/callback-tasks")["items"][0]["flags"] == ["RF_SUI_1"]
    stored = submission_of(clinic, document["url"])
    (score,) = [one for one in stored["scores"] if one["instrument"] == "phq9"]
    assert (score["value"], score["band"], score["version"]) == (9, "mild", "1")
    assert stored["items"]["/44261-6"] == 9, "the panel's own total is filled"


@pytest.mark.capability("C8")
def test_words_of_self_harm_alert_in_any_questionnaire(clinic: Clinic) -> None:
    document = questionnaire("note", [question("n", "string", repeats=True)])
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    browser.send({"n": ["fine", "I want to end it"]})
    assert "988" in browser.body
    assert "RF_SUI_2" in clinic.get("/callback-tasks")["items"][0]["flags"]


def test_a_link_to_what_is_not_published_is_refused(clinic: Clinic) -> None:
    given = clinic.submit({"regions": ["neck"]}).get_json()
    body = {"questionnaire": BASE + "none"}
    answer = clinic.call("POST", f"/patients/{given['patient_id']}/links", body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": "questionnaire", "code": "not_published"}]


@pytest.mark.capability("I6")
def test_bad_answers_through_the_page_are_refused_and_the_draft_is_kept(clinic: Clinic) -> None:
    """BAD-37, 38, 40, 42, 45, 46, 50 on an imported questionnaire."""
    document = every_type()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    without = {key: told for key, told in ANSWERED.items() if key != "t~2fbool"}
    bad: list[tuple[str, dict[str, Any], str]] = [
        ("required, absent", without, "t~2fbool"),
        ("required, blank", {**without, "t~2fbool": "   "}, "t~2fbool"),
        ("of no question", {**ANSWERED, "t-other": "x"}, "t-other"),
        ("of a later version", {**ANSWERED, "admin": "true"}, "admin"),
        ("half of a whole", {**ANSWERED, "t~20int": "7.5"}, "t~20int"),
        ("a word for a number", {**ANSWERED, "t~20int": "seven"}, "t~20int"),
        ("two for one", {**ANSWERED, "t-one": ["1", "2"]}, "t-one"),
        ("not in the list", {**ANSWERED, "t-several": ["a", "z"]}, "t-several"),
        ("no such day", {**ANSWERED, "t-date": "2026-02-31"}, "t-date"),
        ("a unit that is not offered", {**ANSWERED, "t-amount.unit": "st"}, "t-amount"),
        ("too long", {**ANSWERED, "t-words": "A" * 11}, "t-words"),
        ("far too long", {**ANSWERED, "t-text": "x" * 10_001}, "t-text"),
        ("a large file", {**ANSWERED, "t-file": (io.BytesIO(b"x" * 10_000_000), "scan.pdf", "")}, "t-file"),
    ]
    for name, fields, at in bad:
        browser.send(fields)
        assert browser.status == 422, name
        assert f'href="#f-{at}"' in browser.body, name
    assert submission_of(clinic, document["url"])["items"] == {"kept": "set"}, "nothing of it is stored"
    # The photo of a telephone is often larger than what is taken: what was typed beside it is still there.
    assert "This file is too big. It may be up to 5 MB." in browser.body
    assert "Please pick your file again. It was not kept." in browser.body
    assert all(told in browser.body for told in ('value="AB12"', ">some words</textarea>"))
    assert clinic.sql("SELECT count(*) AS n FROM upload")[0].n == 0
    beyond = Browser(clinic.app)
    beyond.client = browser.client
    beyond.at = browser.at
    beyond.send({"t-file": (io.BytesIO(b"x" * 32_000_000), "film.pdf", "")})
    assert (beyond.status, "That file is too big" in beyond.body) == (413, True)
    inert = {**ANSWERED, "t-text": "<script>alert(1)</script> {{7*7}}", "t-open.other": "a\u202eb"}
    browser.send(inert)
    browser.open(browser.at.replace("second~2fpage", "types"))
    assert "<script>alert" not in browser.body
    stored = submission_of(clinic, document["url"])
    assert stored["items"]["t-text"] == inert["t-text"]
    assert stored["status"] == "draft"


@pytest.mark.capability("I18")
def test_questions_that_publishers_word_elsewhere_have_words_and_pages_a_heading(clinic: Clinic) -> None:
    """A label that flies over its field, pages without a title, tabs, and an answer to begin with that is coded."""
    for name in ("android-pages", "smart-tabs", "hl7-begun"):
        publish(clinic, PUBLISHED[name])
    paged = open_form(clinic, PUBLISHED["android-pages"]["url"])
    assert '<label class="usa-label" for="f-1~2e2">Name of a friend</label>' in paged.body
    assert "<h1>Questions before your visit</h1>" in paged.body
    assert "Page 1 of 2" in paged.body
    tabs = open_form(clinic, PUBLISHED["smart-tabs"]["url"])
    assert "Page 1 of 2" in tabs.body
    tabs.send({"about~2eworks": "true"})
    assert (tabs.page, "Page 2 of 3" in tabs.body) == ("work", True)
    tabs.send({"work~2esit~2eh": "7"})
    assert "Mark as done" in tabs.body
    assert "font-weight" not in tabs.body
    begun = open_form(clinic, PUBLISHED["hl7-begun"]["url"])
    assert ">As last time</textarea>" in begun.body
