"""The protocol in force, compiled, and what of it intake needs: types, units and the variables red flags read."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.contracts.protocol import shipped_protocol
from kernel.database import address_of
from kernel.evidence import Protocol, ProtocolError, compile_protocol, fired_flags
from kernel.logs import log
from services.intake.model import ProtocolVersion

LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Rulebook:
    """A compiled protocol. `protected` are the variables its red flags read; `units` (type, unit) of each."""

    number: int
    protocol: Protocol
    units: Mapping[str, tuple[str, str]]
    protected: frozenset[str]
    minutes: Mapping[str, int]

    def flags(self, answers: Mapping[str, Any]) -> tuple[Any, ...]:
        """The red flags true for typed answers."""
        return fired_flags(self.protocol, answers)


def make_rulebook(number: int, protocol: Protocol) -> Rulebook:
    """Work out once what every page save needs of a protocol."""
    mask = 0
    for flag in protocol.flags:
        mask |= protocol.reads[flag.slot]
    protected = frozenset(name for name, bit in protocol.bits.items() if bit & mask)
    units = {name: (variable.type, variable.unit or "") for name, variable in protocol.variables.items()}
    return Rulebook(number, protocol, units, protected, _call_back_minutes(protocol))


def _call_back_minutes(protocol: Protocol) -> dict[str, int]:
    """Minutes to a call-back per flag action, from the targets of the protocol's priorities."""
    targets = {}
    for priority in protocol.document.get("priorities", ()):
        if "target_minutes" in priority:
            targets[priority["id"]] = int(priority["target_minutes"])
        elif "target_hours" in priority:
            targets[priority["id"]] = int(priority["target_hours"]) * 60
    wanted = protocol.routing.action_priority
    return {
        action: targets.get(wanted.get(action) or "", fallback) for action, fallback in (("E", 5), ("S", 120))
    }


class _Held:
    """The rulebook this process holds; the last good one stays in force when a newer one cannot be read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rulebook: Rulebook | None = None
        self.refused: int | None = None
        self.looked_at = 0.0


_held: dict[str, _Held] = {}


def current_rulebook(session: Session) -> Rulebook:
    """Return the rulebook in force: the newest the referral service published, else the shipped first version."""
    held = _held.setdefault(address_of(session), _Held())
    if held.rulebook is not None and time.monotonic() - held.looked_at < LOOK_AGAIN_SECONDS:
        return held.rulebook
    with held.lock:
        newest = select(ProtocolVersion.number).order_by(ProtocolVersion.number.desc()).limit(1)
        number = session.scalars(newest).first() or 0
        if held.rulebook is None or (number > held.rulebook.number and number != held.refused):
            held.rulebook = _read(session, number, held)
        held.looked_at = time.monotonic()
        return held.rulebook


def _read(session: Session, number: int, held: _Held) -> Rulebook:
    stored = session.get(ProtocolVersion, number) if number else None
    if stored is not None:
        try:
            return make_rulebook(number, compile_protocol(stored.document))
        except ProtocolError as error:
            held.refused = number
            log().error("protocol_not_readable", number=number, problems=len(error.problems))
    return held.rulebook or make_rulebook(0, shipped_protocol())
