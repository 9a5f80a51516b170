"""FHIRPath in questionnaires: what follows from the answers is done, within bounds; the rest is named."""

import time
from typing import Any

import pytest

from services.intake.rules.branching import Branching, without_hidden
from services.intake.rules.calculate_answers import calculate_answers
from services.intake.rules.evaluate_expression import Around, Purse, evaluate_expression
from services.intake.rules.expression_words import ExpressionFailed
from services.intake.rules.read_expression import ExpressionNotRead, read_expression
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import BASE, question, questionnaire
from tests.intake.imported_form import open_form, publish, submission_of

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "item": [
        {"linkId": "n", "answer": [{"valueDecimal": 2.5}]},
        {"linkId": "m", "answer": [{"valueInteger": 3}]},
        {
            "linkId": "g",
            "item": [
                {
                    "linkId": one,
                    "answer": [
                        {
                            "valueCoding": {
                                "code": one,
                                "display": one.upper(),
                                "extension": [{"url": BASE + "ordinalValue", "valueDecimal": points}],
                            }
                        }
                    ],
                }
                for one, points in (("a", 2), ("b", 1))
            ],
        },
    ],
}
NAMED: dict[str, list[Any]] = {
    "resource": [RESPONSE],
    "weight": [80],
    "height": [1.8],
    "nothing": [],
    "many": [1, 2, 2],
    "a-b": [7],
}


def found(text: str) -> list[Any]:
    node = read_expression(text, frozenset(NAMED))
    return evaluate_expression(node, Around([RESPONSE], NAMED.__getitem__, Purse()))


FOUND = [
    ("%resource.item.where(linkId='n').answer.value", [2.5]),
    ("QuestionnaireResponse.item.count()", [3]),
    ("item[1].answer.valueInteger + 1", [4]),
    ("iif(%nothing.exists(), %nothing, 0) + 2 >= 2", [True]),
    ("%resource.item.where(linkId='g').item.answer.value.ordinal().sum()", [3]),
    ("%resource.descendants().where(linkId='a').answer.value.weight()", [2]),
    ("%resource.repeat(item).where(linkId='b').answer.value.code", ["b"]),
    ("(%weight / (%height.power(2))).round(1)", [24.7]),
    ("item.answer.value.ofType(Integer)", [3]),
    ("item.where(linkId in ('n' | 'm')).answer.value.aggregate($this + $total, 0)", [5.5]),
    ("1 + 2 * 3 - 4 / 2", [5]),
    ("7 div 2 * 10 + 7 mod 2", [31]),
    ("-%weight.abs() < 0", [True]),
    ("{} and false", [False]),
    ("{} or true", [True]),
    ("true implies {}", []),
    ("1 / 0", []),
    ("%nothing = 1", []),
    ("%nothing ~ {}", [True]),
    ("'Ab' ~ 'aB' and 'a' != 'b'", [True]),
    ("'a' & %nothing & '\\u0062\\'' // and no more", ["ab'"]),
    ("%many.distinct().count() + (%many | 3).count()", [5]),
    ("item.where($index = 1).linkId.upper().startsWith('M')", [True]),
    ("item.select(linkId).join(',').substring(2, 1)", ["m"]),
    ("@2026-01-31 < @2026-02-01", [True]),
    ("@2026 < @2026-02-01", []),
    ("@2026-01-31 + 1 month", ["2026-02-28"]),
    ("@2028-02-29 - 1 year", ["2027-02-28"]),
    ("@2026-03-01 - 2 weeks > @2026-02-14", [True]),
    ("('2026-02-28T23:30:00-06:00' + 45 minutes)", ["2026-03-01T00:15:00-06:00"]),
    ("{} + 3 days", []),
    ("'12.5'.toDecimal() + '2'.toInteger()", [14.5]),
    ("%many.max() - %many.min() + %many.avg().round(2)", [2.67]),
    ("(1 - 0.5.power(%height.ln().exp() * 2)).round(4)", [0.9175]),
    ("%a-b - %`a-b` + %weight-1 + 8.log(2).round(0)", [82]),
    ("item.all(linkId.exists()) and item.exists(linkId = 'g')", [True]),
]


@pytest.mark.capability("I18")
@pytest.mark.parametrize(("text", "values"), FOUND, ids=[text for text, _ in FOUND])
def test_an_expression_finds_what_fhirpath_says(text: str, values: list[Any]) -> None:
    assert [one if isinstance(one, str | bool) else float(one) for one in found(text)] == values


@pytest.mark.capability("I18")
@pytest.mark.parametrize(
    "text",
    [
        "today()", "now()", "linkId.matches('(a+)+$')", "resolve()", "memberOf('x')", "trace('x')", "%patient.name",
        "2 'kg'", "not(true)", "1 +", "a b", "'open", "\x00", "(" * 60 + "1" + ")" * 60, "-" * 60 + "1", "a" * 5_000,
    ],
)  # fmt: skip
def test_what_needs_more_than_the_answers_is_not_read(text: str) -> None:
    with pytest.raises(ExpressionNotRead):
        read_expression(text, frozenset(NAMED))


@pytest.mark.capability("I18")
@pytest.mark.parametrize(
    "text",
    [
        "item.linkId + 1", "@2026-01-01 + 3 hours", "'x' - 1 day", "@9999-01-01 + 1 year", "@2026-01-01 + 0.5 days", "(1 | 2) + 1", "item.where(%many)", "10.power(60)", "'1e999999'.toDecimal()", "repeat($this)",
        "a" + ".a" * 1_900, "1" + "+1" * 1_900, "'x'.replace('x', '" + "y" * 3_000 + "')" + ".replace('y', 'yyyyyyyyy')" * 3,
        "%resource.descendants()" + ".select(%resource.descendants()" * 6 + ")" * 6,
    ],
)  # fmt: skip
def test_what_cannot_be_told_or_costs_too_much_fails_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ExpressionFailed):
        found(text)
    assert time.process_time() - began < 20, "bounded by steps, whatever the machine does beside"


def with_expression(kind: str, text: str, **more: Any) -> dict[str, Any]:
    address = kind if kind.startswith("http") else SDC + kind
    return {"url": address, "valueExpression": {"language": "text/fhirpath", "expression": text, **more}}


def variable(name: str, text: str) -> dict[str, Any]:
    return with_expression(BASE + "variable", text, name=name)


#: Points looked up in the questionnaire itself, as LHC-Forms does.
ENDS = (
    "%questionnaire.item.item.where(linkId = 'two').answerOption.where(valueCoding.code ="
    " %resource.item.item.where(linkId = 'two').answer.valueCoding.code).extension.valueDecimal"
)


def scored() -> dict[str, Any]:
    """A form that adds up points, says so in words, and asks one thing more from a total on."""
    options = [
        {
            "valueCoding": {"system": "urn:x", "code": code, "display": code},
            "extension": [{"url": BASE + "ordinalValue", "valueDecimal": points}],
        }
        for points, code in enumerate(("never", "often"))
    ]
    asked = [question(one, "choice", answerOption=options) for one in ("one", "two")]
    total = question(
        "total",
        "integer",
        readOnly=True,
        extension=[with_expression("calculatedExpression", "%sum")],
    )
    said = question(
        "said",
        "string",
        readOnly=True,
        extension=[with_expression("calculatedExpression", "iif(%ends > 0, 'much', 'little')")],
    )
    more = question(
        "more", "string", required=True, extension=[with_expression("enableWhenExpression", "%sum > 1")]
    )
    index = question(
        "index",
        "decimal",
        readOnly=True,
        enableWhen=[{"question": "total", "operator": ">", "answerInteger": 1}],
        extension=[with_expression("calculatedExpression", "%sum / 3")],
    )
    group = {
        "linkId": "page",
        "type": "group",
        "text": "Questions",
        "extension": [
            variable("points", "%context.item.where(linkId in ('one' | 'two')).answer.value.ordinal()"),
            variable("sum", "%points.sum()"),
            variable("ends", ENDS),
        ],
        "item": [*asked, total, said, index, more],
    }
    return questionnaire("scored", [group, question("last", "string")])


@pytest.mark.capability("I1", "I2", "I18")
def test_totals_are_worked_out_and_questions_open_by_them(clinic: Clinic) -> None:
    document = scored()
    assert read_questionnaire(document).not_honoured == ()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    assert 'name="total"' not in browser.body, "nobody types a total"
    assert 'data-opens="more" data-closed' in browser.body
    asks = {**browser.hidden(), "one": "often", "two": "often", "_opens": ["more", "index"]}
    answer = browser.client.post(f"/intake/q/{browser.token}/page/open", data=asks)
    # Totals follow what is typed, and a question opens by one of them; nothing is stored yet.
    told = {"total": "2", "said": "much", "index": "0.6667"}
    assert answer.get_json() == {"open": ["more", "index"], "totals": told}
    assert submission_of(clinic, document["url"])["items"] == {}
    assert '<output data-total="total" aria-labelledby="n-total">0</output>' in browser.body
    assert '<b id="n-total">' in browser.body
    browser.send({"one": "often", "two": "not an answer"})
    assert '<output data-total="total" aria-labelledby="n-total">1</output>' in browser.body, (
        "shown again, with what is right on it"
    )
    browser.send({"one": "often", "two": "often"})
    assert (browser.status, 'href="#f-more"' in browser.body) == (422, True)
    browser.send({"one": "often", "two": "often", "more": "a word", "total": "99"})
    assert browser.status == 422, "a total that was typed is no answer"
    browser.send({"one": "often", "two": "often", "more": "a word"})
    kept = submission_of(clinic, document["url"])["items"]
    everything = {
        "one": "often",
        "two": "often",
        "total": 2,
        "said": "much",
        "index": 0.6667,
        "more": "a word",
    }
    assert kept == everything
    browser.open(f"/intake/q/{browser.token}/page")
    assert "much" in browser.body
    browser.send({"one": "often", "two": "never", "more": "a word"})
    kept = submission_of(clinic, document["url"])["items"]
    assert kept == {"one": "often", "two": "never", "total": 1, "said": "little"}
    # Whoever comes by the link on another device is not told what follows from these answers.
    (row,) = clinic.sql("SELECT patient_id FROM submission WHERE form = :url", url=document["url"])
    issued = clinic.call("POST", f"/patients/{row.patient_id}/links", {"questionnaire": document["url"]})
    other = clinic.browser().open(issued.get_json()["path"]).send({"birth_date": "1979-03-02"})
    asks = {**other.hidden(), "one": "never", "_opens": []}
    answer = other.client.post(f"/intake/q/{other.token}/page/open", data=asks)
    assert set(answer.get_json()["totals"].values()) == {"Not shown on this device."}


@pytest.mark.capability("I18")
def test_what_cannot_be_worked_out_is_asked_and_what_a_person_says_stays() -> None:
    """A condition that fails shows its question; a total that fails is empty; a form without end comes to rest."""
    failing = question(
        "f", "string", extension=[with_expression("enableWhenExpression", "%resource.item.linkId + 1")]
    )
    wrong = question(
        "w", "integer", readOnly=True, extension=[with_expression("calculatedExpression", "'many'")]
    )
    restless = question(
        "r",
        "integer",
        readOnly=True,
        extension=[
            with_expression(
                "calculatedExpression", "iif(%context.answer.exists(), %context.answer.value + 1, 1)"
            )
        ],
    )
    form = read_questionnaire(questionnaire("soft", [question("a", "string"), failing, wrong, restless]))
    given = {"a": "x", "f": "kept"}
    assert Branching(form, given).is_open("f")
    assert without_hidden(form, given) == given
    for before in ({}, {"r": 7}):
        given_up: set[str] = set()
        assert calculate_answers(form, {**given, **before}, (), None, given_up) == given
        assert given_up == {"r"}


@pytest.mark.capability("I18")
def test_expressions_that_are_not_done_are_named_with_why() -> None:
    code = {"system": "https://waymark.example/fhir/CodeSystem/variables", "code": "age_years"}
    calculated = [with_expression("calculatedExpression", "1")]
    rows = {
        "linkId": "rows",
        "type": "group",
        "repeats": True,
        "item": [question("in-row", "integer", extension=calculated)],
    }
    document = questionnaire(
        "named",
        [
            question("age", "integer", code=[code], extension=calculated),
            question("day", "date", extension=[with_expression("calculatedExpression", "today()")]),
            question(
                "cql", "date", extension=[with_expression("enableWhenExpression", "x", language="text/cql")]
            ),
            question("hand", "integer", extension=calculated),
            question("free", "choice", answerOption=None),
            rows,
        ],
        extension=[variable("far", "%practitioner.name")],
    )
    del document["item"][4]["answerOption"]
    form = read_questionnaire(document)
    assert set(form.not_honoured) == {
        "item: a calculated answer that may be changed by hand",
        "item: a choice without answers to choose from",
        "item: sdc-questionnaire-calculatedExpression: in a repeating group",
        "item: sdc-questionnaire-calculatedExpression: on what the protocol reads",
        "item: sdc-questionnaire-calculatedExpression: today()",
        "item: sdc-questionnaire-enableWhenExpression: text/cql",
        "questionnaire: variable: %practitioner",
    }
    assert [item.link_id for item in form.calculated] == ["hand"]
    assert not form.by_id["age"].read_only
