"""From a posted form to typed answers: text as browsers send it, in, values by linkId and field faults, out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

from kernel.exact_json import as_written, exact
from kernel.read_whole import read_whole
from services.intake.rules.check_value import fault, rows_fault
from services.intake.rules.form import NOT_SURE, Item, answers_in

Posted = Mapping[str, Sequence[str]]
NONE_OF_THESE: Final = "--none"
NOT_SURE_WORD: Final = "not_sure"
#: Letters of a number: 18 digits, as FHIR asks for at least, a sign, a point and the zero before it.
NUMBER_MOST: Final = 21
WHOLE_MOST: Final = 18


@dataclass
class PageRead:
    """What a page said. A question left empty is in `values` as None: the patient took the answer back.

    `faults` are by field name. `places` says which row of the page each row of a repeating group came from.
    """

    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)


def read_page(page: Item, posted: Posted, files: Mapping[str, Any] | None = None) -> PageRead:
    """Read every question of `page` from `posted`; fields that belong to no question are faults too.

    `files` are those the draft holds, by their id: the rows of a page say which of them stay.
    """
    read = PageRead(files=files or {})
    known: set[str] = set()
    for item in answers_in(page):
        if item.kind == "group":
            read.values[item.link_id] = _read_rows(item, item.name, posted, read, known) or None
            continue
        if item.kind == "attachment" or item.read_only or item.hidden:
            continue
        known |= _names(item.name)
        value = _read(item, item.name, posted)
        if code := fault(item, value):
            read.faults[item.name] = code
        read.values[item.link_id] = value
    for name in posted:
        if name not in known:
            read.faults[name[:64]] = "unknown_field"
    return read


def _names(name: str) -> set[str]:
    return {name, f"{name}.unit", f"{name}.other"}


def _read_rows(
    group: Item, name: str, posted: Posted, read: PageRead, known: set[str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    for index in _rows_posted(name, posted):
        if index >= group.places:
            break
        row, faults = _read_row(group, f"{name}.{index}", posted, read, known)
        unticked = group.ticks and group.rows_of not in row
        if unticked:
            faults = _not_ticked(group, row, f"{name}.{index}")
        if row and (faults or not unticked):
            rows.append(row)
            places.append(index)
        if row or unticked:
            read.faults.update(faults)
    read.places[name] = places
    ticked = [row for row in rows if not group.ticks or group.rows_of in row]
    if group.ticks and (code := rows_fault(group, ticked)):
        read.faults[f"{name}.{places[0]}.{group.items[0].name}"] = code
    return rows


def _read_row(
    group: Item, name: str, posted: Posted, read: PageRead, known: set[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """One row's answers, and what is wrong with them by field; rows in it note their own."""
    row: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for child in answers_in(group):
        at = f"{name}.{child.name}"
        if child.kind == "group":
            value: Any = _read_rows(child, at, posted, read, known) or None
        elif child.read_only or child.hidden:
            continue
        elif child.kind == "attachment":
            known.add(f"{at}.kept")
            kept = [read.files[one] for one in posted.get(f"{at}.kept", ()) if one in read.files]
            value = (kept if child.repeats else kept[0]) if kept else None
        else:
            known |= _names(at)
            value = _read(child, at, posted)
        if value is None:
            continue
        row[child.link_id] = value
        if child.kind != "group" and (code := fault(child, value)):
            faults[at] = code
    return row, faults


def _not_ticked(group: Item, row: dict[str, Any], at: str) -> dict[str, str]:
    """Under an answer that is not ticked nothing is asked; what somebody wrote there is theirs to tick or to clear.

    A choice cannot be cleared on the page once it is made: it is taken out of `row`, and that is told.
    """
    chosen = [one for one in answers_in(group) if _take_choices(one, row)]
    written = [one for one in answers_in(group) if _is_written(one, row.get(one.link_id))]
    if not written and not chosen:
        return {}
    found = {f"{at}.{group.items[0].name}": "not_ticked" if written else "chosen_not_ticked"}
    found |= {f"{at}.{one.name}": "chosen_not_ticked" for one in chosen}
    return found | {f"{at}.{one.name}": "not_ticked" for one in written}


def _take_choices(item: Item, row: dict[str, Any]) -> bool:
    """Take a single choice out of `row`, also out of rows in it; True when there was one somebody made."""
    value = row.get(item.link_id)
    if value is None or value == item.initial:
        return False
    if item.kind == "group":
        taken = [_take_choices(one, inner) for inner in value for one in answers_in(item)]
        row[item.link_id] = [inner for inner in value if inner]
        return any(taken)
    picked = bool(item.options) or item.kind == "boolean" or item.scale is not None
    if item.repeats or not picked or (isinstance(value, Mapping) and "text" in value):
        return False
    del row[item.link_id]
    return True


def _is_written(item: Item, value: Any) -> bool:
    """True for what can be cleared again; what the page came with nobody wrote."""
    if value is None or value == item.initial or item.kind == "attachment":
        return False
    if item.kind == "group":
        return any(_is_written(one, row.get(one.link_id)) for row in value for one in answers_in(item))
    return True


def _rows_posted(name: str, posted: Posted) -> list[int]:
    """Numbers of the rows the page sent for a repeating group."""
    prefix = f"{name}."
    found = {one[len(prefix) :].partition(".")[0] for one in posted if one.startswith(prefix)}
    return sorted({row for one in found if (row := read_whole(one, 9_999)) is not None})


def as_posted(names: Sequence[str], places: Mapping[str, list[int]]) -> Iterator[str]:
    """Names of questions in repeating groups, their rows counted as on the page and not as stored."""
    for name in names:
        group, _, rest = name.partition(".")
        row, _, question = rest.partition(".")
        rows = places.get(group, [])
        place = read_whole(row, len(rows) - 1) if question and rows else None
        if place is not None:
            yield f"{group}.{rows[place]}.{question}"
        else:
            yield name


def rows_as_posted(page: Item, read: PageRead) -> dict[str, list[Any]]:
    """Rows of the page's repeating groups where they stood on it, with empty ones between, to show it again."""
    shown = {}
    for item in answers_in(page):
        places = read.places.get(item.name) if item.kind == "group" else None
        if places:
            rows: list[Any] = [{} for _ in range(places[-1] + 1)]
            for place, row in zip(places, read.values[item.link_id] or [], strict=True):
                rows[place] = row
            shown[item.link_id] = rows
    return shown


def _read(item: Item, name: str, posted: Posted) -> Any:
    given = [text.strip() for text in posted.get(name, ()) if text.strip()]
    if item.repeats:
        return _several(item, name, posted, given)
    if not given:
        other = [text.strip() for text in posted.get(f"{name}.other", ()) if text.strip()]
        return {"text": other[0]} if other and item.kind == "open-choice" else None
    if len(given) > 1:
        return given
    if item.offers_not_sure and given[0] == NOT_SURE_WORD:
        return dict(NOT_SURE)
    if item.kind == "quantity":
        unit = [text for text in posted.get(f"{name}.unit", ()) if text]
        return _quantity(item, given[0], unit[0] if unit else "")
    return _typed(item, given[0])


def _several(item: Item, name: str, posted: Posted, given: list[str]) -> Any:
    if NONE_OF_THESE in given:
        # "None" together with something else contradicts itself: keep both, so that the check refuses it.
        return [] if len(given) == 1 and item.offers_none else given
    if item.offers_not_sure and given == [NOT_SURE_WORD]:
        return dict(NOT_SURE)
    if item.kind == "quantity":
        pairs = zip_longest(posted.get(name, ()), posted.get(f"{name}.unit", ()), fillvalue="")
        return [_quantity(item, text.strip(), unit) for text, unit in pairs if text.strip()] or None
    values = [_typed(item, text) for text in given]
    if item.kind == "open-choice":
        other = posted.get(f"{name}.other", ())
        values += [{"text": text.strip()} for text in other if text.strip()]
    return values or None


def _quantity(item: Item, text: str, unit: str) -> dict[str, Any]:
    fallback = item.units[0].code if item.units else ""
    return {"value": _number(text, whole=False, decimals=item.max_decimals), "unit": unit or fallback}


def _typed(item: Item, text: str) -> Any:
    if item.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if item.kind in ("integer", "decimal"):
        return _number(text, whole=item.kind == "integer", decimals=item.max_decimals)
    if item.kind == "open-choice" and not item.options:
        return {"text": text}
    return text


def _number(text: str, *, whole: bool, decimals: int | None) -> Any:
    """The number in `text` (a comma may be the decimal sign), or the text itself for the check to refuse.

    A decimal is kept as it was written: 1.50 is measured more closely than 1.5.
    """
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not plain.isascii() or "_" in plain or len(plain) > (NUMBER_MOST if "." in plain else WHOLE_MOST):
        return text
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        number = as_written(plain)
    except ValueError:
        return text
    if whole:
        return int(number) if number.is_integer() else number
    return _without_zeros(number, decimals)


def _without_zeros(number: float, decimals: int | None) -> float:
    """The number without zeros in places its question does not have: 1.50 where one decimal is asked for is 1.5."""
    told = exact(number)
    if decimals is None or -int(told.as_tuple().exponent) <= decimals or round(told, decimals) != told:
        return number
    return as_written(str(round(told, decimals))) if decimals else float(number)
