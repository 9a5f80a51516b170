"""Named places in the code where a test can kill, stall or fail the process; unarmed they cost one dict look-up.

`FAILPOINTS="after_post=kill:0.05,before_commit=raise:1"`: name=deed:probability; deeds are kill, raise and
sleep<seconds>. `before_delivery@code_requested=kill` strikes one kind of thing only. Settings refuse any value in
production.
"""

import os
import random
import signal
import time
from dataclasses import dataclass


class FailpointRaised(Exception):
    """The failure a test asked for."""


@dataclass(frozen=True, slots=True)
class _Armed:
    deed: str
    probability: float


_armed: dict[str, _Armed] = {}


class _Dice:
    """Dice of this process's own, by a seed.

    The seed is mixed with the process's number: were it alone, a process killed at its tenth call would be killed at
    the tenth call of every life, and never get any further.
    """

    def __init__(self) -> None:
        self._seed = 0
        self._random = random.Random()

    def begin(self, seed: int) -> None:
        self._seed = seed
        self.anew()

    def anew(self) -> None:
        self._random.seed(f"{self._seed} {os.getpid()}" if self._seed else None)

    def throw(self) -> float:
        return self._random.random()


_dice = _Dice()
# A forked worker would go on with its parent's dice, and so with those of all its brothers.
os.register_at_fork(after_in_child=_dice.anew)


def arm(spec: str, seed: int = 0) -> None:
    """Arm the failpoints in `spec` (see the module); raises ValueError on a part that does not parse."""
    _armed.clear()
    _dice.begin(seed)
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, rule = part.partition("=")
        deed, _, probability = rule.partition(":")
        if deed not in ("kill", "raise") and not deed.startswith("sleep"):
            raise ValueError(f"failpoint {name}: unknown deed")
        _armed[name] = _Armed(deed, float(probability or 1))


def failpoint(name: str, about: str = "") -> None:
    """Do what was armed for `name`, or for `name` about this one kind of thing (`name@about`), or nothing."""
    if not _armed:
        return
    armed = _armed.get(f"{name}@{about}") or _armed.get(name)
    if armed is None or _dice.throw() >= armed.probability:
        return
    if armed.deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.deed == "raise":
        raise FailpointRaised(name)
    else:
        time.sleep(float(armed.deed.removeprefix("sleep") or 1))
