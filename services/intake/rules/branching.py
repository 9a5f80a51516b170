"""Which items are open, by enableWhen; answers of closed ones are put away, red-flag answers never are.

In a repeating group each row is judged by its own answers, and by those outside.
"""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any, Final

from kernel.exact_json import exact
from kernel.read_whole import read_whole
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.form import NOT_SURE, Condition, Form, Item, Items, answers_in, walk
from services.intake.rules.form_expressions import FormExpressions
from services.intake.rules.units import in_unit

#: Conditions that follow from each other, one after the other, are told apart from a circle after so many.
ROUNDS_MAX: Final = 10
_MOST = 10**15
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class Branching:
    """The open items of one form for one set of answers; asks each item once."""

    def __init__(
        self,
        form: Form,
        items: Items,
        row: Items | None = None,
        around: frozenset[str] = frozenset(),
        *,
        outside: "Branching | None" = None,
        expressions: FormExpressions | None = None,
        purse: Purse | None = None,
    ):
        """`row` holds the answers of the row being judged, `around` the repeating groups it stands in.

        `outside` judges what stands around the row. `expressions` are worked out on the answers to open questions
        unless they are given, with the steps of `purse`.
        """
        self._form = form
        self._sometimes = form.sometimes
        self._items = items
        self._row = row or {}
        self._around = around
        self._known: dict[str, bool] = {}
        self._outside = outside
        self._expressions = expressions
        self._purse = purse

    def in_row(self, group: str, row: Items) -> "Branching":
        """The same for one row of a repeating group, whose questions see their neighbours' answers."""
        return Branching(self._form, self._items, {**self._row, **row}, self._around | {group}, outside=self)

    def is_open(self, link_id: str) -> bool:
        """True when the item and everything around it is enabled."""
        if link_id not in self._sometimes:
            return True
        known = self._known.get(link_id)
        if known is None:
            self._known[link_id] = False
            parent = self._form.parents.get(link_id)
            known = (parent is None or self.is_open(parent)) and self._enabled(self._form.by_id[link_id])
            self._known[link_id] = known
        return known

    def _enabled(self, item: Item) -> bool:
        if item.enabled_by is not None and not self._worked_out().holds(item.enabled_by):
            return False
        if not item.conditions:
            return True
        met = (self.meets_condition(condition) for condition in item.conditions)
        return any(met) if item.any_condition else all(met)

    def _worked_out(self) -> FormExpressions:
        """Expressions never stand in rows: those of all rows are worked out once, outside them."""
        if self._outside is not None:
            return self._outside._worked_out()
        if self._expressions is None:
            self._expressions = on_open_answers(self._form, self._items, self._purse)
        return self._expressions

    def meets_condition(self, condition: Condition) -> bool:
        """One enableWhen against the answers given so far; a closed question has none."""
        given = self._answers(condition.question) if self.is_open(condition.question) else []
        return meets(given, condition)

    def _answers(self, link_id: str) -> list[Any]:
        rows: list[Items] = [self._items]
        for group in self._form.row_groups(link_id):
            if group in self._around:
                rows = [self._row]
                continue
            rows = [one for row in rows for one in row.get(group) or [] if isinstance(one, Mapping)]
        return [answer for row in rows for answer in as_list(row.get(link_id))]

    def open_pages(self) -> list[Item]:
        """Pages with at least one open item to show, in order."""
        return [page for page in self._form.pages if self.shows(page)]

    def shows(self, item: Item) -> bool:
        """True when the item, or something in it, is there to be seen."""
        if item.loose:
            return any(self.shows(child) for child in item.items)
        if item.hidden or not self.is_open(item.link_id):
            return False
        return item.kind != "group" or any(self.shows(child) for child in item.items)


def meets(given: list[Any], condition: Condition) -> bool:
    """One enableWhen against the answers given: FHIR's wording, so "!=" holds when no answer is equal."""
    if condition.operator == "exists":
        return bool(given) == bool(condition.answer)
    if condition.operator == "=":
        return any(_same(answer, condition) for answer in given)
    if condition.operator == "!=":
        return not any(_same(answer, condition) for answer in given)
    compare = _ORDERED[condition.operator]
    return any(compare(*pair) for answer in given if (pair := _pair(answer, condition)) is not None)


def as_list(value: Any) -> list[Any]:
    """The answers in a stored value: none for nothing and for "not sure", each for a list."""
    if value is None or value == NOT_SURE:
        return []
    return list(value) if isinstance(value, list) else [value]


def _same(answer: Any, condition: Condition) -> bool:
    if isinstance(answer, Mapping) and "text" in answer:
        return bool(answer["text"] == condition.answer)
    pair = _pair(answer, condition)
    return pair is not None and bool(pair[0] == pair[1])


def _pair(answer: Any, condition: Condition) -> tuple[Any, Any] | None:
    """The answer and what it is held against, as two numbers, texts or moments; None when they do not compare."""
    wanted = condition.answer
    if isinstance(answer, Mapping):
        unit = str(answer.get("unit", ""))
        answer = answer.get("value")
        if condition.unit and isinstance(answer, int | float):
            answer = in_unit(answer, unit, condition.unit)
    if condition.ordered and isinstance(wanted, int | float) and isinstance(answer, str):
        answer = _number(answer)
    if isinstance(answer, bool) or isinstance(wanted, bool):
        return (answer, wanted) if isinstance(answer, bool) and isinstance(wanted, bool) else None
    if isinstance(answer, int | float) and isinstance(wanted, int | float):
        return exact(answer), exact(wanted)
    if not isinstance(answer, str) or not isinstance(wanted, str):
        return None
    return _moments(answer, wanted) or (answer, wanted)


def _number(text: str) -> float | None:
    whole = read_whole(text.removeprefix("-"), _MOST)
    return None if whole is None else float(-whole if text.startswith("-") else whole)


def _moments(answer: str, wanted: str) -> tuple[Any, Any] | None:
    """Two points in time as such, when both are written in full; without a zone they are taken as the clinic's."""
    if "T" not in answer or "T" not in wanted:
        return None
    try:
        pair = datetime.fromisoformat(answer), datetime.fromisoformat(wanted)
    except ValueError:
        return None
    if pair[0].tzinfo is None or pair[1].tzinfo is None:
        return pair[0].replace(tzinfo=None), pair[1].replace(tzinfo=None)
    return pair


def on_open_answers(form: Form, items: Items, purse: Purse | None = None) -> FormExpressions:
    """The expressions of `form` on the answers to open questions: a closed one has none, as for enableWhen.

    What is open can follow from what expressions find, so both are done until nothing changes. Each time all of `items`
    are judged anew: a question may be closed only by an answer that has itself been put away. Conditions that
    contradict each other come to no rest by that; after `ROUNDS_MAX` times answers are only put away.

    `purse` has the steps of the whole request; what it was asked before, for the same answers, is not worked out again.
    """
    common = purse or Purse(ALL_STEPS_MAX)
    known = next((found for of, asked, found in common.kept if of is form and asked == items), None)
    if known is not None:
        return known  # type: ignore[no-any-return]
    given = seen = items
    for times in count():
        expressions = FormExpressions(form, seen, common)
        if times >= ROUNDS_MAX:
            given = seen
        open_here = _pruned(form, Branching(form, given, expressions=expressions), given, ())
        if open_here == seen:
            break
        seen = open_here
    common.kept = [*common.kept[-3:], (form, dict(items), expressions)]
    return expressions


def without_hidden(
    form: Form, items: Items, protected: Collection[str] = (), purse: Purse | None = None
) -> dict[str, Any]:
    """`items` without the answers of closed questions; those that fill a `protected` variable stay.

    Clearing can close further questions, so it is done until nothing changes.
    """
    kept, purse = dict(items), purse or Purse(ALL_STEPS_MAX)
    while True:
        pruned = _pruned(form, Branching(form, kept, purse=purse), kept, protected)
        if pruned == kept:
            return kept
        kept = pruned


def _pruned(form: Form, branching: Branching, items: Items, protected: Collection[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for link_id, value in items.items():
        item = form.by_id.get(link_id)
        if item is None or (item.variable in protected and item.variable):
            kept[link_id] = value
        elif branching.is_open(link_id):
            branches = (
                item.kind == "group" and isinstance(value, list) and any(i.conditional for i in walk(item))
            )
            kept[link_id] = (
                [_pruned(form, branching.in_row(link_id, row), row, protected) for row in value]
                if branches
                else value
            )
    return kept


def unanswered(form: Form, page: Item, items: Items, purse: Purse | None = None) -> list[str]:
    """Names of a page's open required questions that have no answer; "not sure" is an answer.

    A question in a repeating group is named `group.row.question`, rows counted from 0.
    """
    branching = Branching(form, items, purse=purse)
    return [name for item in answers_in(page) for name in _lacking(branching, item, items, "")]


def left_empty(form: Form, page: Item, items: Items, purse: Purse | None = None) -> int:
    """How many of a page's open questions that the protocol reads have no answer; "not sure" and "none" are answers."""
    branching = Branching(form, items, purse=purse)
    return sum(
        1
        for item in answers_in(page)
        if item.variable and item.holds_answer and branching.shows(item) and not item.read_only
        if items.get(item.link_id) in (None, "", [])
        and not (item.offers_none and items.get(item.link_id) == [])
    )


def _lacking(branching: Branching, item: Item, items: Items, prefix: str) -> Iterator[str]:
    if item.hidden or item.read_only or not branching.is_open(item.link_id):
        return
    value = items.get(item.link_id)
    name = prefix + item.name
    rows = value if item.kind == "group" and isinstance(value, list) else []
    if value in (None, "", []) and not (item.offers_none and value == []):
        if item.required or item.min_rows:
            yield f"{name}.0.{_first(item)}" if item.kind == "group" else name
    elif item.repeats and isinstance(value, list) and len(value) < item.min_rows:
        yield f"{name}.{len(value)}.{_first(item)}" if item.kind == "group" else name
    for number, row in enumerate(rows):
        inner = branching.in_row(item.link_id, row)
        for column in answers_in(item):
            yield from _lacking(inner, column, row, f"{name}.{number}.")


def _first(group: Item) -> str:
    return next((column.name for column in answers_in(group)), "")
