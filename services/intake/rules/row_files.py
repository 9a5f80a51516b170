"""Files in the rows of a page: which of those kept stay, where a new one belongs, how one not taken is forgotten."""

from bisect import bisect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.intake.rules.form import Item, answers_in
from services.intake.rules.read_page import PageRead

#: A file that was sent and is not stored yet: it has a name and no id.
PENDING: Final = ""


def file_field(page: Item, name: str) -> Item | None:
    """The question for a file of `page`, or of a row of it, that the field `name` is; None for any other field."""
    item = _at(page, name.split("."))
    return item if item is not None and item.kind == "attachment" else None


def _at(group: Item, parts: list[str]) -> Item | None:
    item = next((one for one in answers_in(group) if one.name == parts[0]), None)
    if item is None or len(parts) == 1:
        return item
    row = parts[1]
    fits = (
        item.kind == "group" and row.isascii() and row.isdecimal() and len(row) < 5 and int(row) < item.places
    )
    return _at(item, parts[2:]) if fits and len(parts) > 2 else None


def put_file(page: Item, read: PageRead, name: str, value: Mapping[str, Any]) -> None:
    """Put a file's answer where its field stands, in place of one pending there; its row is made when there is none."""
    held: dict[str, Any] = read.values
    group, parts, at = page, name.split("."), ""
    while len(parts) > 1:
        item = next(one for one in answers_in(group) if one.name == parts[0])
        at, index = f"{at}.{parts[0]}" if at else parts[0], int(parts[1])
        rows = held.get(item.link_id) or []
        held[item.link_id] = rows
        places = read.places.setdefault(at, [])
        if index not in places:
            where = bisect(places, index)
            places.insert(where, index)
            rows.insert(where, {})
        held, group, parts, at = rows[places.index(index)], item, parts[2:], f"{at}.{index}"
    asked = next(one for one in answers_in(group) if one.name == parts[0])
    if asked.repeats:
        kept = [
            one
            for one in held.get(asked.link_id) or ()
            if one["id"] != PENDING or one["title"] != value["title"]
        ]
        held[asked.link_id] = [*kept, dict(value)]
    else:
        held[asked.link_id] = dict(value)


def forget_pending(values: dict[str, Any]) -> None:
    """Take out what was sent and not stored: the page is shown again, or saved without it."""
    for key, value in list(values.items()):
        if _is_pending(value):
            del values[key]
        elif isinstance(value, list):
            values[key] = [one for one in value if not _is_pending(one)]
            for one in values[key]:
                if isinstance(one, dict):
                    forget_pending(one)


def _is_pending(value: Any) -> bool:
    return isinstance(value, Mapping) and "title" in value and value.get("id") == PENDING


def kept_files(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every file in stored answers."""
    if isinstance(value, Mapping):
        if "title" in value and "id" in value:
            yield value
        else:
            for one in value.values():
                yield from kept_files(one)
    elif isinstance(value, list):
        for one in value:
            yield from kept_files(one)


def without_files(item: Item, value: Any) -> Any:
    """Answers to `item` without the files in them: another submission's are not this one's."""
    if item.kind != "group" or not isinstance(value, list):
        return value
    columns = {one.link_id: one for one in answers_in(item)}
    return [
        {
            key: without_files(columns[key], one)
            for key, one in row.items()
            if key in columns and columns[key].kind != "attachment"
        }
        for row in value
    ]
