"""Typed answers as plain JSON."""

from collections.abc import Mapping
from typing import Any


def plain_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Typed answers as JSON: sets as sorted lists, rows as lists."""
    return {
        name: sorted(value)
        if type(value) is frozenset
        else [dict(row) for row in value]
        if type(value) is tuple
        else value
        for name, value in answers.items()
    }
