"""FHIRPath in questionnaires, many answers and closed questions: what it costs, and which answers it sees."""

import json
import tracemalloc
from typing import Any

import pytest

from services.intake.rules.asked_link_ids import asked_link_ids
from services.intake.rules.branching import Branching, without_hidden
from services.intake.rules.calculate_answers import calculate_answers
from services.intake.rules.evaluate_expression import (
    ALL_STEPS_MAX,
    Around,
    Purse,
    StepsSpent,
    evaluate_expression,
)
from services.intake.rules.expression_words import ExpressionFailed
from services.intake.rules.form import NOT_SURE
from services.intake.rules.open_fields import open_fields
from services.intake.rules.read_expression import read_expression
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import question, questionnaire
from tests.intake.imported_form import open_form, publish, submission_of
from tests.intake.test_expressions import found, with_expression


def added_up(count: int, totals: int, text: str) -> dict[str, Any]:
    """A form of `count` numbers in one group, and `totals` numbers worked out by `text` ("{n}" is the total's own)."""
    asked = [question(f"n{number}", "integer") for number in range(count)]
    made = [
        question(
            f"t{number}",
            "integer",
            readOnly=True,
            extension=[with_expression("calculatedExpression", text.format(n=number))],
        )
        for number in range(totals)
    ]
    page = {"linkId": "page", "type": "group", "text": "Questions", "item": [*asked, *made]}
    return questionnaire("added-up", [page])


@pytest.mark.capability("I18")
def test_many_totals_of_many_answers_are_all_worked_out() -> None:
    """As answers grow no total goes empty, and no condition opens for want of steps."""
    one = "%resource.descendants().where(linkId='n{n}').answer.value"
    document = added_up(400, 120, f"{one} + %resource.item.item.where(linkId='n399').answer.value")
    when = f"{one.format(n=7)} > 1000"
    closed = question("closed", "string", extension=[with_expression("enableWhenExpression", when)])
    document["item"].append(closed)
    form = read_questionnaire(document)
    assert form.not_honoured == ()
    given = {f"n{number}": number for number in range(400)}
    settled = calculate_answers(form, given, ())
    assert [settled.get(f"t{number}") for number in range(120)] == [number + 399 for number in range(120)]
    assert not Branching(form, settled).is_open("closed")


@pytest.mark.capability("I18")
def test_a_total_that_takes_too_many_steps_is_none_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """One expression that costs too much takes nothing from the others; the log says which, and no answers.

    An older total is not kept: it would be a wrong one.
    """
    caplog.set_level("WARNING")
    document = added_up(300, 2, "%resource.item.item.where(linkId='n{n}').answer.value")
    costly = "%resource.descendants().select(%resource.descendants().count()).sum()"
    document["item"][0]["item"].insert(
        0,
        question(
            "costly", "integer", readOnly=True, extension=[with_expression("calculatedExpression", costly)]
        ),
    )
    form = read_questionnaire(document)
    given = {f"n{number}": 70_000 + number for number in range(300)}
    given_up: set[str] = set()
    settled = calculate_answers(form, {**given, "costly": 12}, (), Purse(ALL_STEPS_MAX), given_up)
    assert given_up == {"costly"}
    assert {key: settled.get(key) for key in ("costly", "t0", "t1")} == {
        "costly": None,
        "t0": 70_000,
        "t1": 70_001,
    }
    assert "expression of costly in https://example.test/Questionnaire/added-up|1" in caplog.text
    assert "7000" not in caplog.text
    caplog.clear()
    form = read_questionnaire(added_up(300, 40, costly))
    stored = {**given, **{f"t{number}": number for number in range(40)}}
    assert calculate_answers(form, stored, (), None, given_up) == given, (
        "with no steps left at all none is told"
    )
    assert given_up == {f"t{number}" for number in range(40)}
    assert "took the last of all steps" in caplog.text
    assert len(caplog.records) < 10, "one line for all that come after"


@pytest.mark.capability("I18")
@pytest.mark.parametrize(
    "base",
    [
        "%resource.descendants()",
        "%resource.repeat(item)",
        "%resource.item.item",
        "item",
        "%many.item",
        "repeat(item)",
    ],
)
def test_a_look_up_by_linkid_finds_what_a_walk_finds(base: str) -> None:
    for link_id in ("a", "b", "g", "n", "none"):
        assert found(f"{base}.where(linkId='{link_id}')") == found(f"{base}.where(linkId in ('{link_id}'))")


@pytest.mark.capability("I18")
@pytest.mark.parametrize("compared", ["$this = %other", "$this in %other", "(%other | $this).exists()"])
def test_comparing_trees_costs_what_is_in_them(compared: str) -> None:
    """Two copies of a document are not one value each: what is held against another is counted to the last leaf."""
    tree: dict[str, Any] = {
        "item": [{"linkId": str(one), "answer": [{"valueInteger": one}]} for one in range(500)]
    }
    named: dict[str, list[Any]] = {"many": [tree] * 200, "other": [json.loads(json.dumps(tree))]}
    node = read_expression(f"%many.where({compared}).count()", frozenset(named))
    with pytest.raises(StepsSpent):
        evaluate_expression(node, Around([], named.__getitem__, Purse()))
    small = read_expression(f"%many.take(5).where({compared}).count()", frozenset(named))
    assert evaluate_expression(small, Around([], named.__getitem__, Purse())) == [5]


@pytest.mark.capability("I18")
def test_texts_are_put_together_only_when_they_fit() -> None:
    long = "x" * 20_000
    named: dict[str, list[Any]] = {"long": [long] * 20_000, "fits": ["x" * 9_999, "y" * 10_000]}
    tracemalloc.start()
    with pytest.raises(ExpressionFailed):
        evaluate_expression(
            read_expression("%long.join()", frozenset(named)), Around([], named.__getitem__, Purse())
        )
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50_000_000, "400 million letters were not put together to be counted"
    joined = read_expression("%fits.join('-').length()", frozenset(named))
    assert evaluate_expression(joined, Around([], named.__getitem__, Purse())) == [20_000]


@pytest.mark.capability("I18")
def test_rows_share_what_is_worked_out_outside_them(caplog: pytest.LogCaptureFixture) -> None:
    """Each row asks for the question outside; its expression, which costs all its steps, is worked out once."""
    caplog.set_level("WARNING")
    document = added_up(200, 0, "")
    costly = "%resource.descendants().select(%resource.descendants().count()).sum() > 0"
    outside = question("outside", "boolean", extension=[with_expression("enableWhenExpression", costly)])
    inner = question(
        "inner", "string", enableWhen=[{"question": "outside", "operator": "=", "answerBoolean": True}]
    )
    rows = {"linkId": "rows", "type": "group", "repeats": True, "text": "Row", "item": [inner]}
    document["item"] += [outside, rows]
    form = read_questionnaire(document)
    given = {f"n{n}": n for n in range(200)} | {
        "outside": True,
        "rows": [{"inner": str(n)} for n in range(30)],
    }
    assert without_hidden(form, given) == given
    assert len(caplog.records) == 1


def asked_when(link_id: str, condition: str, **more: Any) -> dict[str, Any]:
    return question(link_id, "string", extension=[with_expression("enableWhenExpression", condition)], **more)


@pytest.mark.capability("I2", "I18")
def test_expressions_see_no_answers_of_closed_questions() -> None:
    """As for enableWhen a closed question has no answer, so what is typed where it opens something else is kept."""
    yes = {"question": "p", "operator": "=", "answerBoolean": True}
    a, one = question("a", "string", enableWhen=[yes]), "%resource.item.item.where(linkId='{}').answer"
    without_a = asked_when("without-a", f"{one.format('a')}.empty()")
    # Each follows from the one before, and stands before it.
    third = asked_when("third", f"{one.format('second')}.exists()")
    second = asked_when("second", f"{one.format('with-a')}.empty()")
    with_a = asked_when("with-a", f"{one.format('a')}.exists()")
    total = question(
        "given",
        "integer",
        readOnly=True,
        extension=[with_expression("calculatedExpression", f"{one.format('a')}.count()")],
    )
    asked = [question("p", "boolean"), third, second, a, without_a, with_a, total]
    page = {"linkId": "page", "type": "group", "text": "Questions", "item": asked}
    form = read_questionnaire(questionnaire("closed-ones", [page]))
    names = ["a", "without-a", "with-a", "second", "third"]
    typed = dict.fromkeys(names, "typed")
    no, yes_said = {"p": False, **typed}, {"p": True, **typed}
    assert open_fields(form, form.pages[0], no, names) == ["without-a", "second", "third"]
    assert open_fields(form, form.pages[0], yes_said, names) == ["a", "with-a"]
    kept = {"p": False, "without-a": "typed", "second": "typed", "third": "typed"}
    assert without_hidden(form, no) == kept
    assert without_hidden(form, kept) == kept
    assert without_hidden(form, yes_said) == {"p": True, "a": "typed", "with-a": "typed"}
    assert calculate_answers(form, no, ()) == {**kept, "given": 0}
    assert calculate_answers(form, yes_said, ())["given"] == 1


@pytest.mark.capability("I18")
def test_conditions_that_contradict_each_other_come_to_rest() -> None:
    """Each of two is asked while the other has no answer: both are shown, and nothing that was typed is lost."""
    one = "%resource.item.where(linkId='{}').answer.empty()"
    either = [asked_when("a", one.format("b")), asked_when("b", one.format("a")), question("c", "string")]
    form = read_questionnaire(questionnaire("either", either))
    both = {"a": "x", "b": "y", "c": "z"}
    assert without_hidden(form, both) == both
    only = {"a": "x", "c": "z"}
    assert without_hidden(form, only) == only
    assert not Branching(form, only).is_open("b")
    itself = [asked_when("a", one.format("a")), question("c", "string")]
    form = read_questionnaire(questionnaire("itself", itself))
    assert without_hidden(form, only) == only


@pytest.mark.capability("I18")
def test_not_sure_is_no_answer_for_expressions_as_for_conditions() -> None:
    exists = {"question": "a", "operator": "exists", "answerBoolean": True}
    by_condition = question("by-condition", "string", enableWhen=[exists])
    by_expression = asked_when("by-expression", "%resource.descendants().where(linkId='a').answer.exists()")
    form = read_questionnaire(
        questionnaire(
            "unsure", [question("a", "boolean"), by_condition, by_expression, question("c", "string")]
        )
    )
    for said, opens in ((NOT_SURE, False), (None, False), (False, True)):
        branching = Branching(form, {"a": said})
        assert [branching.is_open(one) for one in ("by-condition", "by-expression")] == [opens, opens]


@pytest.mark.capability("I18")
@pytest.mark.parametrize("name", ["%questionnaire", "%`questionnaire`", "%'questionnaire'"])
def test_the_document_is_there_however_its_name_is_written(name: str) -> None:
    deep = "1" + "+1" * 1_900
    total = question(
        "count",
        "integer",
        readOnly=True,
        extension=[with_expression("calculatedExpression", f"iif(true, {name}.item.count(), {deep})")],
    )
    form = read_questionnaire(questionnaire("named-so", [question("a", "string"), total]))
    assert calculate_answers(form, {"a": "x"}, ()) == {"a": "x", "count": 2}


@pytest.mark.capability("I18")
def test_a_request_has_so_many_steps_and_a_total_without_them_is_not_told(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty totals and forty conditions that each walk the whole form: one purse for all a request judges and tells."""
    walk = "%resource.descendants().where(linkId.startsWith('n')).answer.value.sum()"
    document = added_up(300, 40, walk)
    document["item"][0]["item"] += [asked_when(f"c{number}", f"{walk} > {number}") for number in range(40)]
    publish(clinic, document)
    spent = [0]
    spend = Purse.spend

    def counted(self: Purse, steps: int) -> None:
        spent[0] += steps if self.common is None else 0
        spend(self, steps)

    monkeypatch.setattr(Purse, "spend", counted)
    browser = open_form(clinic, document["url"])
    assert (browser.status, browser.page) == (200, "page")
    typed = {f"n{number}": str(number) for number in range(300)}
    hidden = browser.hidden()
    asked = {**hidden, **typed, "_opens": [f"c{number}" for number in range(40)]}
    at = f"/intake/q/{browser.token}/page"
    for path, fields in (
        (f"{at}/open", asked),
        (at, {**hidden, **typed}),
        (at, None),
        (f"/intake/review/{browser.token}", None),
    ):
        spent[0] = 0
        client = browser.client
        answer = client.get(path) if fields is None else client.post(path, data=fields)
        assert answer.status_code in (200, 303)
        assert spent[0] < ALL_STEPS_MAX + 10_000
    kept = submission_of(clinic, document["url"])["items"]
    assert kept["n299"] == 299
    assert "t39" not in kept
    (row,) = clinic.sql("SELECT id FROM submission WHERE form = :url", url=document["url"])
    (told,) = clinic.get(f"/submissions/{row.id}/as-answered")["pages"]
    assert {"question": "Question t39", "answers": ["This could not be worked out."]} in told["answers"]
    shown = browser.open(f"/intake/q/{browser.token}/page").body
    assert '<output data-total="t39" aria-labelledby="n-t39">This could not be worked out.</output>' in shown


ASKED = [
    ("%resource.item.where(linkId='a').item.where(linkId='b').answer.value > 1", {"a", "b"}),
    ("%resource.repeat(item).where(linkId='a').answer.value = 'x' or %known > 1", {"a", "c"}),
    ("%resource.descendants().where(linkId='a').exists() and 1 = 1", {"a"}),
    ("iif(%resource.item.where(linkId='a').exists(), %ucum, today())", {"a"}),
    ("%resource.item.answer.value.sum()", None),
    ("%resource.descendants().where(linkId.startsWith('a')).count() > 1", None),
    ("%resource.item.where(linkId='a').item.count()", None),
    ("%context.answer.exists()", None),
    ("item.where(linkId='a').exists()", None),
    ("%unknown > 1", None),
    ("%resource.item.where(linkId='a' or true).exists()", None),
]


@pytest.mark.capability("I2", "I18")
@pytest.mark.parametrize(("text", "asks"), ASKED, ids=[text for text, _ in ASKED])
def test_what_an_expression_asks_is_told_by_its_words(text: str, asks: set[str] | None) -> None:
    names = frozenset({"resource", "context", "known", "unknown", "ucum", "today()"})
    found = asked_link_ids(read_expression(text, names), {"known": frozenset({"c"}), "unknown": None})
    assert found == asks
