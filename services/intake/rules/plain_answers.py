"""Typed answers as plain JSON."""

from collections.abc import Mapping
from typing import Any


def plain_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Typed answers as JSON: sets as sorted lists, rows as lists."""
    return {name: _plain(value) for name, value in answers.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [dict(row) for row in value]
    return value
