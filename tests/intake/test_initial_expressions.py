"""First answers worked out from the patient and the day: once, for who may see them, and confirmed by the patient."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.questionnaires import shipped_questionnaire
from services.intake.rules.begin_answers import begin_answers
from services.intake.rules.fhir_words import TRANSLATION
from services.intake.rules.launch_context import launch_context
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import question, questionnaire
from tests.intake.imported_form import YES, open_form, publish, submission_of
from tests.intake.test_expressions import SDC, variable, with_expression
from tests.intake.test_reading_back import last_code

HIDDEN = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}


def launch(name: str) -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "code": name}
    parts = [{"url": "name", "valueCoding": coding}, {"url": "type", "valueCode": name.capitalize()}]
    return {"url": SDC + "launchContext", "extension": parts}


def begins(link_id: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    return question(link_id, kind, extension=[with_expression("initialExpression", text)], **more)


#: How many birthdays there were, as Smart Forms writes it.
AGE = (
    "today().toString().substring(0, 4).toInteger() - %born.substring(0, 4).toInteger()"
    " - iif(%born.substring(5) > today().toString().substring(5), 1, 0)"
)


def asks_patient() -> dict[str, Any]:
    """Names, days and ways to be reached, shown, only shown, and hidden; what is worked out from them."""
    secret = begins("secret", "string", "%patient.name.family")
    secret["extension"].append(HIDDEN)
    copied = "'Dear ' & %resource.descendants().where(linkId='secret').answer.value"
    page = [
        begins("family", "string", "%patient.name.where(use = 'official').family"),
        begins("given", "string", "%patient.name.first().given.join(' ')"),
        begins("born", "date", "%patient.birthDate"),
        begins("age", "integer", AGE),
        begins("phone", "string", "%patient.telecom.where(system = 'phone').value.first()"),
        begins("day", "date", "today()"),
        begins("at", "dateTime", "now()"),
        begins("until", "date", "today() + 7 days", readOnly=True),
        begins("grown", "boolean", "%patient.birthDate <= today() - 18 years"),
        begins("sex", "choice", "%patient.gender"),
        begins("short", "string", "%patient.name.given.first()", maxLength=2),
        begins("shown", "string", "%patient.name.text", readOnly=True),
        secret,
        question(
            "letter", "string", readOnly=True, extension=[with_expression("calculatedExpression", copied)]
        ),
    ]
    return questionnaire(
        "begun",
        [{"linkId": "page", "type": "group", "text": "About you", "item": page}, question("last", "string")],
        extension=[launch("patient"), variable("born", "%patient.birthDate.toString()")],
    )


@pytest.mark.capability("I18")
def test_first_answers_are_worked_out_from_the_patient_and_the_day() -> None:
    form = read_questionnaire(asks_patient())
    assert form.not_honoured == ()
    # Late in the evening at the clinic: its day, not the server's.
    moment = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
    known = {
        "birth_date": "1990-03-01",
        "phone": "+18165550100",
        "email": "",
        "postcode": "",
        "language": "en",
    }
    context = launch_context(moment, "America/Chicago", names=("Ana María", "Ruiz"), **known)
    found = begin_answers(form, {}, context)
    assert found == {
        "family": "Ruiz",
        "given": "Ana María",
        "born": "1990-03-01",
        "age": 35,
        "phone": "+18165550100",
        "day": "2026-02-28",
        "at": "2026-02-28T22:30:00-06:00",
        "until": "2026-03-07",
        "grown": True,
        "shown": "Ana María Ruiz",
        "secret": "Ruiz",
    }, "what is not known, or is no answer to its question, is left out"
    nobody = launch_context(moment, "America/Chicago", names=("", ""), **dict.fromkeys(known, ""))
    assert begin_answers(form, {}, nobody) == {
        "day": "2026-02-28",
        "at": "2026-02-28T22:30:00-06:00",
        "until": "2026-03-07",
    }


@pytest.mark.capability("I18")
def test_what_a_questionnaire_cannot_begin_with_is_named() -> None:
    code = {"system": "https://waymark.example/fhir/CodeSystem/variables", "code": "age_years"}
    rows = {"linkId": "rows", "type": "group", "repeats": True, "item": [begins("row", "date", "today()")]}
    both = begins("both", "string", "'x'", readOnly=True)
    both["extension"].append(with_expression("calculatedExpression", "'y'"))
    document = questionnaire(
        "not-begun",
        [
            begins("server", "string", "%practitioner.name"),
            begins("year", "date", "today() - 18 'a'"),
            begins("read", "integer", "1", readOnly=True, code=[code]),
            both,
            begins("group", "group", "'x'", item=[question("inner", "string")]),
            rows,
            question("later", "date", extension=[with_expression("calculatedExpression", "%day")]),
        ],
        extension=[launch("patient"), launch("practitioner"), variable("day", "today()")],
    )
    form = read_questionnaire(document)
    name = "item: sdc-questionnaire-initialExpression: "
    assert set(form.not_honoured) == {
        "questionnaire: launchContext: practitioner",
        "item: sdc-questionnaire-calculatedExpression: %day",
        *(
            name + why
            for why in (
                "%practitioner", "an amount with a unit", "on what the protocol reads", "beside a calculated answer", "on group",
                "in a repeating group",
            )
        ),
    }  # fmt: skip
    assert form.begun == ()


@pytest.mark.capability("I7", "I18")
def test_who_only_holds_the_link_is_told_nothing_of_the_patient(clinic: Clinic) -> None:
    document = asks_patient()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    assert "Aldana" not in browser.body
    assert "+1816555" not in browser.body
    assert "Not shown on this device." in browser.body
    assert "Fill it in for me" in browser.body
    assert "filled in some answers for you" in browser.body, "the day is nobody's secret"
    begun = submission_of(clinic, document["url"])["items"]
    assert len(begun.pop("until")) == 10
    assert begun == {"shown": "Ben Aldana", "secret": "Aldana"}, "what a page asks counts once it is saved"
    # Whatever is typed: what is worked out from hidden answers is not told either.
    asked = {**browser.hidden(), "family": "x", "_opens": []}
    told = browser.client.post(f"/intake/q/{browser.token}/page/open", data=asked).get_json()
    assert {told["totals"][one] for one in ("shown", "letter")} == {"Not shown on this device."}
    browser.open(f"/intake/q/{browser.token}/code?to=page").send(path=f"/intake/q/{browser.token}/code/send")
    browser.send({"code": last_code(clinic)})
    assert browser.page == "page"
    for said in ('value="Aldana"', 'value="Ben"', 'value="1979-03-02"', "Ben Aldana", "Dear Aldana"):
        assert said in browser.body
    browser.send({"family": "Aldana-Ruiz", "given": "Ben"})
    kept = submission_of(clinic, document["url"])["items"]
    assert (kept["family"], kept.get("born")) == ("Aldana-Ruiz", None), "confirmed, changed or taken away"
    browser.open(f"/intake/q/{browser.token}/page")
    assert "filled in some answers" not in browser.body, "once, when it was begun"


@pytest.mark.capability("I7", "I18")
def test_first_answers_nobody_is_asked_hold_when_a_later_page_opens_their_question(clinic: Clinic) -> None:
    asked = {"enableWhen": [{"question": "ask", **YES}]}
    unseen = question("fixed", "string", initial=[{"valueString": "F"}], **asked)
    unseen["extension"] = [HIDDEN]
    copied = "%resource.descendants().where(linkId='fixed').answer.value"
    total = with_expression("calculatedExpression", copied)
    second = [
        question("ask", "boolean"),
        begins("born", "date", "%patient.birthDate", readOnly=True, **asked),
        unseen,
        question("set", "string", readOnly=True, initial=[{"valueString": "S"}], **asked),
        question("total", "string", readOnly=True, extension=[total]),
    ]
    first = {"linkId": "first", "type": "group", "text": "First", "item": [question("name", "string")]}
    document = questionnaire(
        "opens-later",
        [first, {"linkId": "second", "type": "group", "text": "Second", "item": second}],
        extension=[launch("patient")],
    )
    publish(clinic, document)
    browser = open_form(clinic, document["url"]).send({"name": "x"})
    assert submission_of(clinic, document["url"])["items"] == {"name": "x"}, "closed"
    at = f"/intake/q/{browser.token}/second"
    asked_now = {**browser.hidden(), "ask": "true", "_opens": ["born"]}
    told = browser.client.post(f"{at}/open", data=asked_now).get_json()
    assert told["totals"] == dict.fromkeys(("born", "total"), "Not shown on this device.")
    browser.send({"ask": "true"}, path=at)
    kept = submission_of(clinic, document["url"])["items"]
    held = {"born": "1979-03-02", "fixed": "F", "set": "S", "total": "F"}
    assert kept == {"name": "x", "ask": True, **held}
    browser.send({"ask": "false"}, path=at)
    assert submission_of(clinic, document["url"])["items"] == {"name": "x", "ask": False}
    shown = re.sub(r"\s+", " ", browser.open(at).body)
    assert "1979" not in shown
    assert re.search(r"</b> S\b", shown), "there for a yes, with what it will hold"


@pytest.mark.capability("I7", "I18")
def test_who_said_who_they_are_sees_it_again_on_that_device_only(clinic: Clinic) -> None:
    document = shipped_questionnaire()
    document["version"] = "3"
    spanish = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "Nombre"}]
    words = {"text": "Name", "_text": {"extension": [{"url": TRANSLATION, "extension": spanish}]}}
    name = {**begins("name", "string", "%patient.name.text"), **words}
    first = {"linkId": "you", "type": "group", **words, "item": [name]}
    document["item"].insert(0, first)
    publish(clinic, document)
    phone = clinic.browser().start()
    assert 'value="Ana Ñandú-O&#39;Brien"' in phone.open(f"/intake/q/{phone.token}/you").body
    other = clinic.browser("198.51.100.41").open(phone.link()).send({"birth_date": "04/23/1980"})
    assert other.open(f"/intake/q/{other.token}/you").status == 200
    assert "O&#39;Brien" not in other.body
