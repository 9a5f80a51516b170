"""What a fault is: a deed that breaks something, and what it counts as."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaos.clinic import Clinic

Facts = dict[str, Any]


def nothing_missing(_: Clinic) -> str:
    return ""


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something, waits, mends what does not mend itself, and returns facts for the history.

    `kind` groups faults in the table (worker, relay, web, postgres, redis …); `covers` are rows of the catalogue;
    `cannot` says why the fault cannot be done on this machine, or "". `weight` is its share of the dice; `lasts`
    marks faults that hold the nemesis for many seconds, which a short run leaves out.
    """

    name: str
    kind: str
    covers: tuple[str, ...]
    strike: Callable[[Clinic, random.Random], Facts]
    weight: float = 1.0
    lasts: bool = False
    packages: tuple[str, ...] = field(default=())
    cannot: Callable[[Clinic], str] = nothing_missing
