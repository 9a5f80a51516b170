"""What follows from the answers of a draft: what is closed is put away, what the form works out is worked out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.intake.rules.branching import without_hidden
from services.intake.rules.calculate_answers import calculate_answers
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.form import Form, Item, Items, answers_in
from services.intake.rules.scores import filled_by_scores, with_scores


def follow_up(
    form: Form,
    items: Items,
    instruments: Sequence[Mapping[str, Any]],
    protected: Collection[str],
    *,
    purse: Purse,
    given_up: set[str],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answers that count with every total among them, and the scores of instruments.

    linkIds of totals that take more steps than there are, and so are not among the answers, are put into `given_up`.
    """
    unscored = without_hidden(form, items, protected, purse)
    if form.calculated:
        unscored = calculate_answers(form, unscored, protected, purse, given_up)
    found, scores = with_scores(form, unscored, instruments)
    if found != unscored:
        # A total can open questions, or close them.
        found = without_hidden(form, found, protected, purse)
    return found, scores


def totals_on(form: Form, page: Item, instruments: Sequence[Mapping[str, Any]]) -> list[Item]:
    """What a page shows that nobody answers: calculated answers, totals of instruments, what it was begun with."""
    shown = [item for item in answers_in(page) if item.read_only and not item.hidden]
    filled = filled_by_scores(form, instruments) if shown else frozenset()
    return [item for item in shown if item.calculated or item.begun or item.link_id in filled]
