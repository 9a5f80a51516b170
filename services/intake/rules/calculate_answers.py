"""Answers that a questionnaire works out from others: totals, an index, a sentence put together."""

from collections.abc import Collection
from typing import Any, Final

from services.intake.rules.answer_found import answer_found
from services.intake.rules.branching import on_open_answers, without_hidden
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse, StepsSpent
from services.intake.rules.expression_words import ExpressionFailed
from services.intake.rules.form import Form, Item, Items
from services.intake.rules.form_expressions import FormExpressions

#: One answer may be worked out from another that is itself worked out; a form that never comes to rest stops here.
ROUNDS_MAX: Final = 10


def calculate_answers(
    form: Form,
    items: Items,
    protected: Collection[str],
    purse: Purse | None = None,
    given_up: set[str] | None = None,
) -> dict[str, Any]:
    """`items` with every calculated answer as it follows from the open ones, and without answers to closed questions.

    What cannot be worked out, or is no answer to its question, is left empty. So is what takes more steps than there
    are (an older total would be a wrong one) and what never comes to rest, such as a sum with itself in it: their
    linkIds are put into `given_up`. Answers people gave are never changed.
    """
    purse = purse or Purse(ALL_STEPS_MAX)
    given_up = set() if given_up is None else given_up
    made = {item.link_id for item in form.calculated}
    # From what people said alone: what was worked out before must not count in what is worked out now.
    given = {key: value for key, value in items.items() if key not in made}
    found: dict[str, Any] = {}
    for _ in range(ROUNDS_MAX):
        before, work = found, on_open_answers(form, {**given, **found}, purse)
        given_up.clear()
        answers = {item.link_id: _answer(item, work, given_up) for item in form.calculated}
        found = {key: value for key, value in answers.items() if value is not None}
        if found == before:
            break
    else:
        restless = {key for key in made if found.get(key) != before.get(key)}
        given_up |= restless
        found = {key: value for key, value in found.items() if key not in restless}
    return without_hidden(form, {**given, **found}, protected, purse)


def _answer(item: Item, work: FormExpressions, given_up: set[str]) -> Any:
    assert item.calculated is not None
    try:
        return answer_found(item, work.find(item.calculated))
    except StepsSpent:
        given_up.add(item.link_id)
    except ExpressionFailed:
        pass
    return None
