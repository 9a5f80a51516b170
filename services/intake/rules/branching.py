"""Which items are open, by enableWhen; answers of closed ones are put away, red-flag answers never are."""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from services.intake.rules.form import NOT_SURE, Condition, Form, Item, Items, answers_in

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class Branching:
    """The open items of one form for one set of answers; asks each item once."""

    def __init__(self, form: Form, items: Items) -> None:
        self._form = form
        self._items = items
        self._known: dict[str, bool] = {}

    def is_open(self, link_id: str) -> bool:
        """True when the item and everything around it is enabled."""
        known = self._known.get(link_id)
        if known is None:
            self._known[link_id] = False
            parent = self._form.parents.get(link_id)
            known = (parent is None or self.is_open(parent)) and self._enabled(self._form.by_id[link_id])
            self._known[link_id] = known
        return known

    def _enabled(self, item: Item) -> bool:
        if not item.conditions:
            return True
        met = (self._met(condition) for condition in item.conditions)
        return any(met) if item.any_condition else all(met)

    def _met(self, condition: Condition) -> bool:
        given = self._answers(condition.question) if self.is_open(condition.question) else []
        return meets(given, condition)

    def _answers(self, link_id: str) -> list[Any]:
        group = self._form.row_group(link_id)
        if group is None:
            return as_list(self._items.get(link_id))
        rows = self._items.get(group) or []
        return [answer for row in rows for answer in as_list(row.get(link_id))]

    def open_pages(self) -> list[Item]:
        """Pages with at least one open item to show, in order."""
        return [
            page
            for page in self._form.pages
            if not page.hidden and self.is_open(page.link_id) and self._shows(page)
        ]

    def _shows(self, item: Item) -> bool:
        if item.hidden or not self.is_open(item.link_id):
            return False
        return item.kind != "group" or any(self._shows(child) for child in item.items)


def meets(given: list[Any], condition: Condition) -> bool:
    """One enableWhen against the answers given: FHIR's wording, so "!=" holds when no answer is equal."""
    if condition.operator == "exists":
        return bool(given) == bool(condition.answer)
    if condition.operator == "=":
        return any(_same(answer, condition.answer) for answer in given)
    if condition.operator == "!=":
        return not any(_same(answer, condition.answer) for answer in given)
    compare = _ORDERED[condition.operator]
    return any(
        _comparable(answer, condition.answer) and compare(_plain(answer), condition.answer)
        for answer in given
    )


def as_list(value: Any) -> list[Any]:
    """The answers in a stored value: none for nothing and for "not sure", each for a list."""
    if value is None or value == NOT_SURE:
        return []
    return list(value) if isinstance(value, list) else [value]


def _plain(answer: Any) -> Any:
    return answer.get("value") if isinstance(answer, Mapping) else answer


def _same(answer: Any, wanted: Any) -> bool:
    plain = _plain(answer)
    if isinstance(plain, bool) != isinstance(wanted, bool):
        return False
    return bool(plain == wanted)


def _comparable(answer: Any, wanted: Any) -> bool:
    plain = _plain(answer)
    if isinstance(plain, bool) or isinstance(wanted, bool):
        return False
    both_numbers = isinstance(plain, int | float) and isinstance(wanted, int | float)
    return both_numbers or (isinstance(plain, str) and isinstance(wanted, str))


def without_hidden(form: Form, items: Items, protected: Collection[str] = ()) -> dict[str, Any]:
    """`items` without the answers of closed questions; those that fill a `protected` variable stay.

    Clearing can close further questions, so it is done until nothing changes.
    """
    kept = dict(items)
    while True:
        branching = Branching(form, kept)
        closed = [
            link_id
            for link_id in kept
            if link_id in form.by_id
            and form.by_id[link_id].variable not in protected
            and not branching.is_open(link_id)
        ]
        if not closed:
            return kept
        for link_id in closed:
            del kept[link_id]


def unanswered(form: Form, page: Item, items: Items) -> list[str]:
    """Open required questions of a page that have no answer; "not sure" is an answer."""
    branching = Branching(form, items)
    return [
        item.link_id
        for item in answers_in(page)
        if item.required
        and branching.is_open(item.link_id)
        and items.get(item.link_id) in (None, "", [])
        and not (item.offers_none and items.get(item.link_id) == [])
    ]
