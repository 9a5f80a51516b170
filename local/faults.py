"""Switchable faults of the stand-ins: which fault strikes which call, decided by a seed so a run repeats."""

import itertools
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

When = Literal["before", "after"]
_TOP_SECONDS = 600.0


class BadFaultError(ValueError):
    """The asked-for fault cannot be; the message says which field and why."""


@dataclass(slots=True)
class Fault:
    """One switch. Fires with `probability` on matching calls, at most `count` times (None: no end)."""

    mode: str
    probability: float = 1.0
    seed: int = 0
    count: int | None = None
    seconds: float = 0.0
    when: When = "before"
    code: int | None = None
    copies: int = 1
    to: str | None = None
    number: int = 0
    seen: int = 0
    fired: int = 0
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def fires(self, to: str) -> bool:
        """Whether this fault strikes a call to `to`; each matching call takes one throw of the dice."""
        if self.to is not None and self.to != to:
            return False
        if self.count is not None and self.fired >= self.count:
            return False
        self.seen += 1
        if self._dice.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """The switch as set, with how often it was tried and fired."""
        names = ("number", "mode", "probability", "seed", "count", "seconds", "when", "code", "copies", "to")
        return {name: getattr(self, name) for name in (*names, "seen", "fired")}


class FaultBook:
    """The faults switched on, tried in the order they were given."""

    def __init__(self, modes: Collection[str]) -> None:
        self._modes = tuple(modes)
        self._numbers = itertools.count(1)
        self.faults: list[Fault] = []

    @property
    def modes(self) -> tuple[str, ...]:
        """Every mode this stand-in knows."""
        return self._modes

    def replace(self, payload: Any) -> None:
        """Put the faults of `payload` in place of all others. Raises BadFaultError.

        `payload` is one fault, a list of them, or `{"faults": [...]}`.
        """
        if isinstance(payload, dict) and "faults" in payload:
            payload = payload["faults"]
        wanted = payload if isinstance(payload, list) else [payload]
        self.faults = [self.read(one) for one in wanted]

    def add(self, payload: Mapping[str, Any]) -> Fault:
        """Switch one more fault on. Raises BadFaultError."""
        fault = self.read(payload)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch every fault off."""
        self.faults = []

    def striking(self, modes: Iterable[str], to: str) -> list[Fault]:
        """The faults of `modes` that strike this call, in order."""
        if not self.faults:
            return []
        wanted = frozenset(modes)
        return [fault for fault in self.faults if fault.mode in wanted and fault.fires(to)]

    def as_json(self) -> dict[str, Any]:
        """Every switch with its counts, and the modes there are."""
        return {"faults": [fault.as_json() for fault in self.faults], "modes": list(self._modes)}

    def read(self, payload: Any) -> Fault:
        """A fault from its JSON form, checked. Raises BadFaultError."""
        if not isinstance(payload, Mapping):
            raise BadFaultError("a fault is an object with a mode")
        known = {"mode", "probability", "seed", "count", "seconds", "when", "code", "copies", "to"}
        for name in payload:
            if name not in known:
                raise BadFaultError(
                    f"{name!r} is not a field of a fault; there are {', '.join(sorted(known))}"
                )
        if payload.get("mode") not in self._modes:
            raise BadFaultError(f"mode must be one of {', '.join(self._modes)}")
        when = payload.get("when", "before")
        if when not in ("before", "after"):
            raise BadFaultError("when must be before or after")
        to = payload.get("to")
        if to is not None and not isinstance(to, str):
            raise BadFaultError("to must be a text")
        return Fault(
            mode=str(payload["mode"]),
            probability=_number(payload, "probability", 1.0, 0.0, 1.0),
            seed=int(_number(payload, "seed", 0, -(2**63), 2**63)),
            count=None if payload.get("count") is None else int(_number(payload, "count", 0, 0, 10**9)),
            seconds=_number(payload, "seconds", 0.0, 0.0, _TOP_SECONDS),
            when=cast(When, when),
            code=None if payload.get("code") is None else int(_number(payload, "code", 0, 0, 99999)),
            copies=int(_number(payload, "copies", 1, 1, 1000)),
            to=to,
            number=next(self._numbers),
        )


def _number(payload: Mapping[str, Any], name: str, default: float, lowest: float, highest: float) -> float:
    value = payload.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not lowest <= value <= highest:
        raise BadFaultError(f"{name} must be a number from {lowest:g} to {highest:g}")
    return value
