"""Typed variables: what may be answered, in which unit and range, and the check of a set of answers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from kernel.evidence.errors import FieldError

TYPES: Final = frozenset({"int", "float", "bool", "enum", "set", "list", "date"})
NUMBERS: Final = frozenset({"int", "float"})
#: `filled_by` of what the clinic's own record knows, such as the birth date: never a question to ask.
RECORD: Final = "record"
#: More list rows than this is a mistake or an attack, never a medication list.
LIST_ROWS_MAX: Final = 100
_SHOWABLE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

#: Days a date can be: nobody alive was born before the first, nothing is planned after the last.
DATES: Final = (date(1895, 1, 1), date(2199, 12, 31))
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

#: Answers by variable id: int, float, bool, str, date, frozenset of str, or a tuple of rows.
Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing that can be known about a patient. ``label`` is plain words by language."""

    id: str
    type: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)
    filled_by: str | None = None
    fields: tuple[Variable, ...] = ()
    required: bool = False
    groupings: Mapping[str, Grouping] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the rows of a list fall into groups: drug names into the classes that overuse counts."""

    field: str
    group_of: Mapping[str, str]
    groups: tuple[str, ...]


def check_answers(
    variables: Mapping[str, Variable], answers: object
) -> tuple[dict[str, Any], list[FieldError]]:
    """Typed answers and the refused fields. ``None`` is the same as absent: unknown.

    Whole numbers are accepted for decimals; a truth value is never a number. Days: YYYY-MM-DD. Sets come as JSON arrays
    without repeats and are returned as frozensets; lists of rows are returned as tuples of dicts.
    """
    if not isinstance(answers, Mapping):
        return {}, [FieldError("", "wrong_type")]
    typed: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in answers.items():
        variable = variables.get(name) if isinstance(name, str) else None
        if variable is None:
            errors.append(FieldError(_shown(name), "unknown_field"))
        elif value is True or value is False:
            # Most answers of a questionnaire are a yes or a no: they need no call.
            if variable.type == "bool":
                typed[variable.id] = value
            else:
                errors.append(FieldError(variable.id, "wrong_type"))
        elif value is not None:
            checked = _check(variable, value, variable.id, errors)
            if checked is not None:
                typed[variable.id] = checked
    return typed, errors


def _shown(name: object) -> str:
    """A field name is repeated only when it looks like one: a key can hold anything, also a name."""
    return name if isinstance(name, str) and _SHOWABLE.fullmatch(name) else "(not a field name)"


def _check(variable: Variable, value: object, path: str, errors: list[FieldError]) -> Any:
    kind = variable.type
    if kind == "bool":
        code = None if isinstance(value, bool) else "wrong_type"
    elif kind in NUMBERS:
        code = _number_fault(variable, value)
    elif kind == "enum":
        code = (
            "wrong_type"
            if not isinstance(value, str)
            else None
            if value in variable.values
            else "not_in_values"
        )
    elif kind == "date":
        return _check_date(value, path, errors)
    elif kind == "set":
        return _check_set(variable, value, path, errors)
    else:
        return _check_list(variable, value, path, errors)
    if code is not None:
        errors.append(FieldError(path, code))
        return None
    return value


def _check_date(value: object, path: str, errors: list[FieldError]) -> date | None:
    """A day written YYYY-MM-DD, or a date already."""
    try:
        written = isinstance(value, str) and _ISO_DAY.fullmatch(value) is not None
        day = date.fromisoformat(value) if written and isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        errors.append(FieldError(path, "wrong_type"))
    elif not DATES[0] <= day <= DATES[1]:
        errors.append(FieldError(path, "out_of_range"))
    else:
        return day
    return None


def _number_fault(variable: Variable, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "wrong_type"
    if isinstance(value, float) and (variable.type == "int" or not math.isfinite(value)):
        return "wrong_type"
    if variable.minimum is not None and value < variable.minimum:
        return "out_of_range"
    if variable.maximum is not None and value > variable.maximum:
        return "out_of_range"
    return None


def _check_set(variable: Variable, value: object, path: str, errors: list[FieldError]) -> Any:
    if not isinstance(value, list | tuple | set | frozenset) or any(
        not isinstance(one, str) for one in value
    ):
        errors.append(FieldError(path, "wrong_type"))
        return None
    chosen = frozenset(value)
    if not chosen <= frozenset(variable.values):
        errors.append(FieldError(path, "not_in_values"))
        return None
    if len(chosen) != len(value):
        errors.append(FieldError(path, "duplicate"))
        return None
    return chosen


def _check_list(variable: Variable, value: object, path: str, errors: list[FieldError]) -> Any:
    if not isinstance(value, list | tuple):
        errors.append(FieldError(path, "wrong_type"))
        return None
    if len(value) > LIST_ROWS_MAX:
        errors.append(FieldError(path, "too_many"))
        return None
    rows: list[dict[str, Any]] = []
    before = len(errors)
    for index, row in enumerate(value):
        at = f"{path}[{index}]"
        if not isinstance(row, Mapping):
            errors.append(FieldError(at, "wrong_type"))
            continue
        known = {column.id: column for column in variable.fields}
        errors.extend(
            FieldError(f"{at}.{_shown(name)}", "unknown_field") for name in row if name not in known
        )
        typed: dict[str, Any] = {}
        for name, column in known.items():
            given = row.get(name)
            if given is not None:
                typed[name] = _check(column, given, f"{at}.{name}", errors)
            elif column.required:
                errors.append(FieldError(f"{at}.{name}", "required"))
        rows.append(typed)
    return tuple(rows) if len(errors) == before else None
