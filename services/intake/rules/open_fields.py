"""Which questions of a page are asked, by what is typed on it: for a page that follows its own answers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kernel.read_whole import read_whole
from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.form import Form, Item, Items, walk

#: Fields a page sends at most, each tick and each row of a list one. Asking what is open, it names them once more.
FIELDS_MOST: Final = 5_000
_ROWS_MOST: Final = 9_999


def open_fields(
    form: Form, page: Item, items: Items, names: Iterable[str], purse: Purse | None = None
) -> list[str]:
    """Those of the fields `names` of `page` that are asked with the answers `items`; others are no answer of it.

    Fields of repeating groups are named group.row.question, rows counted as on the page. Saving judges by the same
    `Branching`, so what a page shows cannot differ from what counts.
    """
    by_name = {item.name: item for item in walk(page)}
    branching = Branching(form, items, purse=purse)
    return [name for name in names if _is_open(name.split("."), by_name, branching, items)]


def _is_open(parts: list[str], by_name: Mapping[str, Item], branching: Branching, items: Items) -> bool:
    *rows, last = parts
    held: Mapping[str, Any] = items
    for group_name, row_name in zip(rows[::2], rows[1::2], strict=False):
        group, place = by_name.get(group_name), read_whole(row_name, _ROWS_MOST)
        if group is None or place is None:
            return False
        given = held.get(group.link_id)
        listed = given if isinstance(given, list) else []
        held = listed[place] if place < len(listed) and isinstance(listed[place], Mapping) else {}
        branching = branching.in_row(group.link_id, held)
    item = by_name.get(last)
    return item is not None and branching.is_open(item.link_id)
