"""How fast a provider may be used, which provider a message goes to, and how trust moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass

# GOV.UK Notify's yardsticks: away from a provider that is slow or failing, and back to rest a little at a time.
WEIGHT_STEP = 10
BAD_SHARE = 0.15
LEAST_TO_JUDGE = 10
SLOW_SECONDS = 5.0
BREAKER_ERRORS = 50
BREAKER_WINDOW_SECONDS = 60
BREAKER_PAUSE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Pace:
    """What a provider may be asked to do: messages a second (also the largest burst), a day, and its share at rest."""

    per_second: float
    per_day: int
    resting_weight: int


def refill(tokens: float, seconds: float, pace: Pace) -> float:
    """The bucket after `seconds`: never more than one second's worth, at least one message."""
    most = max(1.0, pace.per_second)
    return min(most, tokens + max(0.0, seconds) * pace.per_second)


def choose(weights: Mapping[str, int], allowance: Mapping[str, int], dice: float) -> str:
    """The provider for one message by weight among those with allowance left, "" when there is none.

    `dice` is in [0, 1). A provider at weight 0 is used only when no other can be.
    """
    able = [name for name in weights if allowance.get(name, 0) > 0]
    if not able:
        return ""
    total = sum(weights[name] for name in able)
    if total == 0:
        return able[int(dice * len(able))]
    mark = dice * total
    for name in able:
        mark -= weights[name]
        if mark < 0:
            return name
    return able[-1]


def balance(
    weights: Mapping[str, int], resting: Mapping[str, int], bad_share: Mapping[str, float | None]
) -> dict[str, int]:
    """New weights: one step away from a bad provider, if another is better; else one step back towards rest.

    `bad_share` per provider: errors and slow answers of late, None when too few messages tell.
    """
    bad = {name for name, share in bad_share.items() if share is not None and share >= BAD_SHARE}
    if bad and bad != set(weights):
        return {name: _step(weights[name], 0 if name in bad else 100) for name in weights}
    return {name: _step(weights[name], resting[name]) for name in weights}


def _step(weight: int, goal: int) -> int:
    if weight < goal:
        return min(goal, weight + WEIGHT_STEP)
    return max(goal, weight - WEIGHT_STEP)
