"""Decimals keep their digits: what a document says, and what a patient writes, comes back letter for letter."""

import json
import re
from copy import deepcopy
from decimal import Decimal

import pytest

from kernel import strict_json
from kernel.exact_json import as_written, dumps, loads
from kernel.strict_json import NotStrictJson
from services.dashboard.rules.form_conditions import condition_rows, read_conditions
from services.dashboard.rules.form_item import item_fields, read_item
from services.intake.rules.answer_found import answer_found
from services.intake.rules.check_value import fault
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import MANAGER, NURSE, Clinic
from tests.intake.imported_form import open_form

#: Every place of a Questionnaire where FHIR has a decimal, with zeros at the end and with more digits than a float has.
DOCUMENT = """{"resourceType":"Questionnaire","status":"active","version":"1","title":"Exact",
"url":"https://example.test/fhir/Questionnaire/exact",
"extension":[{"url":"https://example.test/unknown","valueDecimal":7.00}],
"item":[{"linkId":"page","type":"group","text":"How much","item":[
{"linkId":"d","type":"decimal","text":"A number","initial":[{"valueDecimal":0.10}],"extension":[
 {"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDecimal":0.050},
 {"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDecimal":1.23456789012345678}]},
{"linkId":"q","type":"quantity","text":"An amount","initial":[{"valueQuantity":{"value":2.50,"code":"kg"}}],
 "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption",
 "valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}}]},
{"linkId":"c","type":"choice","text":"Which","answerOption":[{"valueCoding":{"code":"a","display":"A"},
 "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":1.20}]}]},
{"linkId":"w","type":"string","text":"Why","enableWhen":[
 {"question":"d","operator":"=","answerDecimal":0.12345678901234567},
 {"question":"q","operator":">","answerQuantity":{"value":3.10,"unit":"kg"}}],"enableBehavior":"any"},
{"linkId":"copy","type":"decimal","text":"Again","readOnly":true,"extension":[
 {"url":"http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces","valueInteger":17},
 {"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression","valueExpression":
 {"language":"text/fhirpath","expression":"%resource.descendants().where(linkId='d').answer.value"}}]}]}]}"""


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r'(?:value|Decimal)": ?([0-9.]+)', text))


@pytest.mark.capability("I18")
def test_decimals_come_back_as_they_were_written(clinic: Clinic) -> None:
    """Checked as text: two floats that are equal need not be written the same."""
    asked = numbers(DOCUMENT)
    assert asked == [
        "0.050",
        "0.10",
        "0.12345678901234567",
        "1.20",
        "1.23456789012345678",
        "2.50",
        "3.10",
        "7.00",
    ]
    made = clinic.call("POST", "/questionnaire-drafts", DOCUMENT.encode(), actor=NURSE, key="exactly")
    assert numbers(made.text) == asked
    again = clinic.call("POST", "/questionnaire-drafts", DOCUMENT.encode(), actor=NURSE, key="exactly")
    assert again.headers["Idempotent-Replay"] == "true"
    assert numbers(again.text) == asked
    draft = json.loads(made.text)
    path = f"/questionnaire-drafts/{draft['id']}"
    # What an editor reads and puts back is the same document.
    read = clinic.call("GET", path, actor=NURSE)
    put = clinic.call("PUT", path, dumps(loads(read.text)["document"]).encode(), version=draft["version"])
    assert (put.status_code, numbers(put.text)) == (200, asked)
    # The same number written in another way is another document.
    longer = dumps(loads(read.text)["document"]).replace(":7.00}", ":7.000}")
    put = clinic.call("PUT", path, longer.encode(), version=draft["version"] + 1)
    asked[-1] = "7.000"
    assert (put.status_code, numbers(clinic.call("GET", path, actor=NURSE).text)) == (200, asked)
    done = clinic.call("POST", f"{path}/publish", {}, actor=MANAGER, version=draft["version"] + 2)
    assert done.status_code == 200, done.text
    url = draft["document"]["url"]
    listed = clinic.call("GET", f"/questionnaires?url={url}", actor=NURSE)
    assert numbers(listed.text) == asked
    browser = open_form(clinic, url)
    assert re.findall(r'name="[dq]"[^>]*value="([^"]*)"', browser.body, re.DOTALL) == ["0.10", "2.50"]
    for wrong in ("1.234567890123456781", "0.0499999999999999999"):
        browser.send({"d": wrong, "q": "2.50", "q.unit": "kg"})
        assert (browser.status, "f-d" in browser.body) == (422, True), wrong
    browser.send({"d": "0.12345678901234568", "q": "2.50", "q.unit": "kg"})
    browser.open(f"/intake/q/{browser.token}/page")
    assert 'name="w"' not in browser.body or "data-closed" in browser.body, "the last digit differs"
    browser.send({"d": "0.12345678901234567", "q": "4.500", "q.unit": "kg", "w": "so"})
    (row,) = clinic.sql("SELECT id FROM submission WHERE form = :url", url=url)
    response = clinic.call("GET", f"/submissions/{row.id}/questionnaire-response", actor=NURSE).text
    assert numbers(response) == ["0.12345678901234567", "0.12345678901234567", "4.500"]
    browser.open(f"/intake/q/{browser.token}/page")
    assert 'value="4.500"' in browser.body
    shown = r'>Again</b> <output[^>]* data-total="copy"[^>]*>0\.12345678901234567<'
    assert re.search(shown, browser.body), browser.body
    browser.send({"d": "0,100", "q": "4.5", "q.unit": "kg"})
    response = clinic.call("GET", f"/submissions/{row.id}/questionnaire-response", actor=NURSE).text
    assert numbers(response) == ["0.100", "0.100", "4.5"]


@pytest.mark.capability("I17", "I18")
def test_the_form_editor_keeps_decimals_and_the_unit_of_a_condition() -> None:
    document = loads(DOCUMENT)
    page = document["item"][0]["item"]
    shown = item_fields(page[0], "en")
    assert (str(shown["minimum"]), str(shown["maximum"])) == ("0.050", "1.23456789012345678")
    form = {"minimum": "0.050", "maximum": "2.00"}
    made = read_item(deepcopy(page[0]), form, "en")
    assert dumps(made["extension"]).count("2.00") == 1
    assert '"valueDecimal":0.050' in dumps(made)
    whens = page[3]["enableWhen"]
    answers = [str(row["answer"]) for row in condition_rows(document, whens)]
    assert answers == ["0.12345678901234567", "3.10"]
    posted = {"whens": "2"}
    for number, when in enumerate(whens):
        posted |= {f"when.{number}.question": when["question"], f"when.{number}.operator": when["operator"]}
        posted[f"when.{number}.answer"] = answers[number]
    assert read_conditions(document, posted, whens) == whens
    changed = read_conditions(document, {**posted, "when.1.answer": "4.0"}, whens)
    assert dumps(changed[1]["answerQuantity"]) == '{"value":4.0,"unit":"kg"}'


def test_a_number_is_kept_as_it_stands_or_refused() -> None:
    form = read_questionnaire(loads(DOCUMENT))
    assert str(form.by_id["d"].initial) == "0.10"
    assert [str(as_written(one)) for one in ("1e-7", "2.50E1", "-0.00", "1.")] == [
        "0.0000001",
        "25.0",
        "-0.00",
        "1",
    ]
    # More digits than Python reckons with by itself, in a question with 17 places.
    for text, wrong in (("123456789012345.5", None), ("1." + "2" * 18 + "0", "too_many_decimals")):
        assert fault(form.by_id["copy"], as_written(text)) == wrong, text
    assert str(answer_found(form.by_id["copy"], [Decimal("123456789012345.5")])) == "123456789012345.5"
    assert fault(form.by_id["copy"], as_written("1" * 40 + ".50")) is None
    # Refused before anything is written out plain: the third would fill a hundred megabytes.
    refused = ["1e400", "nan", "-inf", "1e-400", "0." + "1" * 200, "x", "0e-999", "0e-99999999"]
    refused += ["0e-99999999999999999999", "0e99999999999999999999", "1e-120", "1.0e-120", "1.5e18", "1e+300"]
    for text in refused:
        with pytest.raises(ValueError, match=r"finite|digits|convert"):
            as_written(text)
        with pytest.raises(NotStrictJson):
            strict_json.loads(f'{{"a":{text}}}'.encode())
    # What is taken is taken again as we write it.
    for text in ("1e-98", "1.0e-97", "1e17", "-1.5e16", "0e9", "0.0e99", "123456789012345678901.50", "1e-05"):
        kept = dumps(strict_json.loads(f"[{text}]".encode()))
        assert dumps(strict_json.loads(kept.encode())) == kept, text
    # A text that looks like a mark of the writer's is a text.
    assert loads(dumps({"a": as_written("1.0e0"), "b": '"0"', "c": [as_written("1.50")]}))["b"] == '"0"'
