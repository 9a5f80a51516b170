"""Named places in the code where a test can kill, stall or fail the process; unarmed they cost one dict look-up.

`FAILPOINTS="after_post=kill:0.05,before_commit=raise:1"`: name=deed:probability; deeds are kill, raise and
sleep<seconds>. Settings refuse any value in production.
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
_dice = random.Random()


def arm(spec: str, seed: int = 0) -> None:
    """Arm the failpoints in `spec` (see the module); raises ValueError on a part that does not parse."""
    _armed.clear()
    _dice.seed(seed or None)
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, rule = part.partition("=")
        deed, _, probability = rule.partition(":")
        if deed not in ("kill", "raise") and not deed.startswith("sleep"):
            raise ValueError(f"failpoint {name}: unknown deed")
        _armed[name] = _Armed(deed, float(probability or 1))


def failpoint(name: str) -> None:
    """Do what was armed for `name`, or nothing."""
    if not _armed:
        return
    armed = _armed.get(name)
    if armed is None or _dice.random() >= armed.probability:
        return
    if armed.deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.deed == "raise":
        raise FailpointRaised(name)
    else:
        time.sleep(float(armed.deed.removeprefix("sleep") or 1))
