"""First answers that a questionnaire works out from the patient and the day, once, when a draft is begun."""

from collections.abc import Mapping
from typing import Any

from services.intake.rules.answer_found import answer_found
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.expression_words import ExpressionFailed, Found
from services.intake.rules.form import Form, Item, Items
from services.intake.rules.form_expressions import FormExpressions


def begin_answers(form: Form, items: Items, context: Mapping[str, Found]) -> dict[str, Any]:
    """First answers by linkId, worked out (`initialExpression`) on `items` in `context`.

    What cannot be worked out, or is no answer to its question, is left out.
    """
    if not form.begun:
        return {}
    work = FormExpressions(form, items, Purse(ALL_STEPS_MAX), context)
    answers = {item.link_id: _first(item, work) for item in form.begun}
    return {key: value for key, value in answers.items() if value is not None}


def _first(item: Item, work: FormExpressions) -> Any:
    assert item.begun is not None
    try:
        return answer_found(item, work.find(item.begun))
    except ExpressionFailed:
        return None
