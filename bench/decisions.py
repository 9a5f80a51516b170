"""PERF-4: decisions with full evidence, and near misses, on one core."""

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

from bench.result import Result
from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import Protocol, evaluate

CASES = 200
SEED = 20261123


def some_answers(protocol: Protocol, dice: random.Random) -> dict[str, Any]:
    """Return typed answers to about half of the variables, at random within their ranges."""
    answers: dict[str, Any] = {}
    for name, variable in protocol.variables.items():
        if dice.random() < 0.5:
            continue
        if variable.type == "bool":
            answers[name] = dice.random() < 0.2
        elif variable.type == "enum":
            answers[name] = dice.choice(sorted(variable.values or ()))
        elif variable.type == "set":
            answers[name] = sorted(
                dice.sample(sorted(variable.values or ()), k=min(2, len(variable.values or ())))
            )
        elif variable.type in ("int", "float"):
            low, high = variable.minimum or 0, variable.maximum or 100
            answers[name] = int(dice.uniform(low, min(high, low + 200)))
    return answers


def measure(seconds: float = 2.0) -> list[Result]:
    """Return decisions a second with evidence, and near misses a second."""
    from kernel.evidence.near_misses import near_misses

    protocol = shipped_protocol()
    dice = random.Random(SEED)
    typed = []
    for _ in range(CASES):
        answers, errors = protocol.check_answers(some_answers(protocol, dice))
        if errors:
            raise RuntimeError(f"the benchmark's own answers are refused: {errors[0]}")
        typed.append(answers)
    decided = _rate(lambda case: evaluate(protocol, case), typed, seconds)
    missed = _rate(lambda case: near_misses(protocol, case), typed, seconds)
    return [
        Result(
            "PERF-4",
            "decisions with full evidence, one core",
            decided,
            "/s",
            target="≥ 3,000",
            met=decided >= 3000,
        ),
        Result(
            "PERF-4b", "near misses of a decision, one core", missed, "/s", target="≥ 300", met=missed >= 300
        ),
    ]


def _rate(deed: Callable[[Any], object], cases: list[Any], seconds: float) -> float:
    done, began = 0, time.perf_counter()
    for case in itertools.cycle(cases):
        deed(case)
        done += 1
        if done % 20 == 0 and time.perf_counter() - began >= seconds:
            break
    return done / (time.perf_counter() - began)
