"""The labels of `waymark evaluate --against`, as spreadsheets write them: read whole, or refused with the row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

#: Columns that are compared; ``line`` beside them says which line of the cases a row is for.
COLUMNS: Final = ("route", "priority", "diagnoses", "red_flags")
SINGLE: Final = frozenset({"route", "priority"})
LINE: Final = "line"
_DELIMITERS: Final = ",;\t"
_SAID_NONE: Final = frozenset({"none", "-", "–", "n/a"})
_NUMBERED: Final = re.compile(r"(?:ichd[-_ ]?3?[-_ :]*)?(\d+(?:[._]\d+)+)", re.IGNORECASE)


class LabelsRefused(ValueError):
    """The labels file cannot be used; the message says why and what to mend."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Rows as (line of the cases, cells by column); ``left_out`` are columns nobody reads."""

    rows: tuple[tuple[int, Mapping[str, str]], ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def read_labels(path: Path, cases: int) -> Labels:
    """Read a file of labels for that many lines of cases. Comma, semicolon or tab, with or without a byte order mark.

    Without a column ``line`` the rows follow in order, and an empty row is a row: it says none. Raises `LabelsRefused`.
    """
    listed = _listed(path)
    names = [name.strip().lower().replace(" ", "_") for name in listed[0]] if listed else []
    columns = tuple(name for name in COLUMNS if name in names)
    if not columns:
        raise LabelsRefused(
            f"The labels need a first line with at least one of: {', '.join(COLUMNS)}.{_hint(names)}"
        )
    twice = sorted({name for name in names if names.count(name) > 1 and name in (*COLUMNS, LINE)})
    if twice:
        raise LabelsRefused(f"The first line names {twice[0]} twice.")
    rows: list[tuple[int, Mapping[str, str]]] = []
    taken: dict[int, int] = {}
    for place, cells in enumerate(listed[1:], 1):
        if not any(cell.strip() for cell in cells) and LINE in names:
            continue
        if len(cells) > len(names):
            raise LabelsRefused(f"Row {place} has more cells than the first line names.")
        if cells and len(cells) < len(names):
            raise LabelsRefused(f"Row {place} has fewer cells than the first line names.")
        row = dict(zip(names, cells or [""] * len(names), strict=True))
        number = row.get(LINE, "").strip() or str(place)
        if not number.isdecimal() or len(number) > 9 or not 1 <= int(number) <= cases:
            raise LabelsRefused(f"Row {place} is for line {number[:20]}, and the cases have {cases} lines.")
        if int(number) in taken:
            raise LabelsRefused(f"Rows {taken[int(number)]} and {place} are both for line {number}.")
        taken[int(number)] = place
        rows.append((int(number), row))
    if not rows:
        raise LabelsRefused("The labels have a first line and no row below it.")
    left_out = tuple(name[:40] for name in names if name and name not in (*COLUMNS, LINE))
    return Labels(tuple(rows), columns, left_out)


def labelled(cell: str, column: str, classes: Iterable[str]) -> frozenset[str]:
    """The classes a cell names: parted by ``;``, ``,``, ``|`` or spaces; capitals and ``ICHD-3 1.1`` are understood.

    What names no class is kept as it is written, to be told.
    """
    known = {_plain(one): one for one in classes}
    if _plain(cell) in known:
        return frozenset([known[_plain(cell)]])
    if column in SINGLE:
        return frozenset([cell.strip()]) if cell.strip() else frozenset()
    joined = re.sub(r"(?i)ichd[-_ ]?3?[-_ :]+(?=\d)", "ICHD_", cell)
    named = [one for one in re.split(r"[;,|\s]+", joined) if one and one.lower() not in _SAID_NONE]
    return frozenset(_one_of(one, known) for one in named)


def _one_of(word: str, known: Mapping[str, str]) -> str:
    numbered = _NUMBERED.fullmatch(word)
    for form in (word, f"ICHD_{numbered[1]}" if numbered else word):
        if _plain(form) in known:
            return known[_plain(form)]
    return word


def _plain(text: str) -> str:
    return re.sub(r"[\s._\-]+", "_", text.strip()).lower()


def _listed(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            first = source.readline()
            source.seek(0)
            delimiter = max(_DELIMITERS, key=first.count) if any(one in first for one in _DELIMITERS) else ","
            listed = list(csv.reader(source, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        raise LabelsRefused("The labels are not a CSV file in UTF-8.") from None
    while listed and not any(cell.strip() for cell in listed[-1]):
        # A last empty line is the end of the file; an empty cell with its delimiters is a row.
        if listed[-1]:
            break
        listed.pop()
    return listed


def _hint(names: list[str]) -> str:
    for name in names:
        near = get_close_matches(name, COLUMNS, 1, 0.6)
        if near:
            return f" Is {name[:40]} meant as {near[0]}?"
    return ""
