"""Three truth values: a missing answer is unknown, never false.

Kleene's strong logic on small integers, so that ``all`` is ``min``, ``any`` is ``max`` and ``not`` is
``TRUE - x``. Integers and not an enum: thousands of clauses are evaluated for every decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2

NAMES: Final = ("false", "unknown", "true")


def n_of(needed: int, results: Iterable[int]) -> int:
    """At least ``needed`` of ``results`` hold; unknown while the open ones could still decide it."""
    held = open_ = 0
    for result in results:
        if result == TRUE:
            held += 1
        elif result == UNKNOWN:
            open_ += 1
    if held >= needed:
        return TRUE
    return UNKNOWN if held + open_ >= needed else FALSE


def all_but_one(results: Iterable[int]) -> int:
    """Exactly one result is false and none is unknown; unknown while that can still become so."""
    failed = open_ = 0
    for result in results:
        if result == FALSE:
            failed += 1
        elif result == UNKNOWN:
            open_ += 1
    if failed > 1:
        return FALSE
    if open_:
        return UNKNOWN
    return TRUE if failed == 1 else FALSE
