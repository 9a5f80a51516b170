"""Agreement of a classification with labels: sensitivity, specificity and Cohen's kappa with intervals.

Proportions carry the Wilson score interval, kappa its large-sample interval (Fleiss, Cohen and Everitt
1969, simplified standard error), both at 95 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
#: A figure with its lower and upper 95 % limit.
Figure = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one class; None where no case could show it."""

    labelled: int
    sensitivity: Figure | None
    specificity: Figure | None
    kappa: Figure | None


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement:
    """Agreement over pairs of (labelled, found)."""
    counts = Counter(pairs)
    with_class = counts[True, True] + counts[True, False]
    without = counts[False, False] + counts[False, True]
    return Agreement(
        labelled=with_class,
        sensitivity=wilson(counts[True, True], with_class),
        specificity=wilson(counts[False, False], without),
        kappa=cohen_kappa([(str(a), str(b)) for a, b in pairs]),
    )


def wilson(successes: int, trials: int) -> Figure | None:
    """A proportion with its Wilson score interval; None without trials."""
    if trials == 0:
        return None
    share = successes / trials
    square = _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = (
        _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    )
    return share, max(0.0, middle - half), min(1.0, middle + half)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Figure | None:
    """Kappa of two raters over the same cases; None when chance alone would agree every time."""
    total = len(pairs)
    if total == 0:
        return None
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = sum(first[name] * second[name] for name in first) / (total * total)
    if expected >= 1.0:
        return None
    observed = sum(1 for a, b in pairs if a == b) / total
    kappa = (observed - expected) / (1 - expected)
    half = _Z * math.sqrt(observed * (1 - observed) / total) / (1 - expected)
    return kappa, max(-1.0, kappa - half), min(1.0, kappa + half)
