"""From a posted form to typed answers: text as browsers send it, in, values by linkId and field faults, out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.rules.check_value import fault
from services.intake.rules.form import NOT_SURE, Item, answers_in

Posted = Mapping[str, Sequence[str]]
NONE_OF_THESE: Final = "--none"
NOT_SURE_WORD: Final = "not_sure"


@dataclass
class PageRead:
    """What a page said. A question left empty is in `values` as None: the patient took the answer back."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def read_page(page: Item, posted: Posted) -> PageRead:
    """Read every question of `page` from `posted`; fields that belong to no question are faults too."""
    read = PageRead()
    known: set[str] = set()
    for item in answers_in(page):
        if item.kind == "group":
            rows = _read_rows(item, posted, read, known)
            read.values[item.link_id] = rows or None
            continue
        if item.kind == "attachment" or item.read_only or item.hidden:
            continue
        known |= _names(item, item.link_id)
        _keep(read, item, item.link_id, _read(item, item.link_id, posted))
    for name in posted:
        if name.partition("/")[0] not in known and name not in known:
            read.faults[name[:64]] = "unknown_field"
    return read


def _keep(read: PageRead, item: Item, at: str, value: Any) -> None:
    code = fault(item, value)
    if code:
        read.faults[at] = code
    read.values[at] = value


def _names(item: Item, name: str) -> set[str]:
    return {name, f"{name}.unit", f"{name}.other"}


def _read_rows(group: Item, posted: Posted, read: PageRead, known: set[str]) -> list[dict[str, Any]]:
    rows = []
    for index in range(group.max_rows):
        row: dict[str, Any] = {}
        for child in group.items:
            name = f"{group.link_id}.{index}.{child.link_id}"
            known |= _names(child, name)
            value = _read(child, name, posted)
            if value is not None:
                row[child.link_id] = value
                code = fault(child, value)
                if code:
                    read.faults[name] = code
        if row:
            for child in group.items:
                if child.required and child.link_id not in row:
                    read.faults[f"{group.link_id}.{index}.{child.link_id}"] = "required"
            rows.append(row)
    return rows


def _read(item: Item, name: str, posted: Posted) -> Any:
    given = [text.strip() for text in posted.get(name, ()) if text.strip()]
    if item.repeats:
        return _several(item, given, posted.get(f"{name}.other", ()))
    if not given:
        other = [text.strip() for text in posted.get(f"{name}.other", ()) if text.strip()]
        return {"text": other[0]} if other and item.kind == "open-choice" else None
    if len(given) > 1:
        return given
    if item.offers_not_sure and given[0] == NOT_SURE_WORD:
        return dict(NOT_SURE)
    if item.kind == "quantity":
        unit = [text for text in posted.get(f"{name}.unit", ()) if text]
        fallback = item.units[0].code if item.units else ""
        return {"value": _number(given[0], whole=False), "unit": unit[0] if unit else fallback}
    return _typed(item, given[0])


def _several(item: Item, given: list[str], other: Sequence[str]) -> Any:
    if NONE_OF_THESE in given:
        # "None" together with something else contradicts itself: keep both, so that the check refuses it.
        return [] if len(given) == 1 and item.offers_none else given
    if item.offers_not_sure and given == [NOT_SURE_WORD]:
        return dict(NOT_SURE)
    values = [_typed(item, text) for text in given]
    values += [{"text": text.strip()} for text in other if text.strip() and item.kind == "open-choice"]
    return values or None


def _typed(item: Item, text: str) -> Any:
    if item.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if item.kind in ("integer", "decimal"):
        return _number(text, whole=item.kind == "integer")
    return text


def _number(text: str, *, whole: bool) -> Any:
    """The number in `text` (a comma may be the decimal sign), or the text itself for the check to refuse."""
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not plain.isascii() or len(plain) > 12:
        return text
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        number = float(plain)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if whole and number.is_integer() else number
