"""A question with several answers that has questions of its own under it: each answer stands in a row with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.intake.rules.branching import as_list
from services.intake.rules.form import Condition, Form, Item, answers_in


def answer_rows(item: Item, link_id: str) -> Item | None:
    """`item` as a group called `link_id` of one row an answer; None where rows cannot hold it.

    What a rule reads, what comes with the form and files stay one list, with the questions under it asked once.
    """
    inside = tuple(child for child in item.items if child.kind != "display")
    if not inside or item.variable or item.hidden or item.read_only or item.kind == "attachment":
        return None
    if item.offers_none or item.offers_not_sure or any(child.variable for child in inside):
        return None
    first = replace(
        item,
        repeats=False,
        # A row that says something says first what it is about.
        required=True,
        min_rows=0,
        conditions=(),
        enabled_by=None,
        initial=None,
        items=(),
    )
    if item.options:
        # What stands under an answer belongs to it: not ticked, it is not asked.
        inside_open = Condition(item.link_id, "exists", True)
        under = tuple(
            child if child.any_condition else replace(child, conditions=(*child.conditions, inside_open))
            for child in item.items
        )
    else:
        under = item.items
    begun = as_list(item.initial)
    with_it = {child.link_id: child.initial for child in item.items if child.initial is not None}
    return Item(
        link_id=link_id,
        kind="group",
        text=item.text,
        name=f"{item.name}~rows",
        required=item.required,
        repeats=True,
        conditions=item.conditions,
        any_condition=item.any_condition,
        enabled_by=item.enabled_by,
        min_rows=item.min_rows,
        max_rows=item.max_rows,
        initial=[{item.link_id: value, **with_it} for value in begun] or None,
        rows_of=item.link_id,
        items=(first, *under),
    )


def as_asked(form: Form, items: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stored answers as the form asks them now: those of a time when each list was one answer are put in rows."""
    for group in form.answer_rows:
        if group.link_id in items or group.rows_of not in items:
            continue
        under = [one.link_id for one in answers_in(group) if one.link_id != group.rows_of]
        rows: list[dict[str, Any]] = [{group.rows_of: value} for value in as_list(items[group.rows_of])]
        if rows:
            rows[0].update({name: items[name] for name in under if name in items})
        kept = {name: value for name, value in items.items() if name not in (group.rows_of, *under)}
        items = {**kept, group.link_id: rows} if rows else kept
    return items


def row_of(rows: Sequence[Any], asked: str, code: str | None, place: int) -> Mapping[str, Any]:
    """The row of the answer `code` to `asked`, of words of one's own for None; what stood at `place` without one."""
    for row in rows:
        value = row.get(asked)
        if (isinstance(value, Mapping) and "text" in value) if code is None else str(value) == code:
            return dict(row)
    at_place = rows[place] if place < len(rows) else {}
    return {} if asked in at_place else dict(at_place)


def faulty_row(faults: Mapping[str, str], name: str, question: str) -> int:
    """The row of the group `name` whose `question` is told a mistake; the first when none is."""
    found = (
        one.split(".")[-2] for one in faults if one.startswith(f"{name}.") and one.endswith(f".{question}")
    )
    return next((int(row) for row in found if row.isdecimal()), 0)
