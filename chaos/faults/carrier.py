"""The world outside misbehaves: the phone carrier and the mail server, in every way they can."""

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault

# What always strikes a few sends while the nemesis is at work: the rest is weather on top.
DRIZZLE: tuple[dict[str, Any], ...] = (
    {"mode": "error_500_after", "probability": 0.04},
    {"mode": "error_500_before", "probability": 0.02},
    {"mode": "reset_after", "probability": 0.02},
    {"mode": "reset_before", "probability": 0.02},
    {"mode": "rate_429", "probability": 0.03, "seconds": 1},
    {"mode": "callback_duplicate", "probability": 0.1, "copies": 3},
    {"mode": "callback_reorder", "probability": 0.1},
    {"mode": "callback_before_reply", "probability": 0.1},
    {"mode": "callback_never", "probability": 0.02},
    {"mode": "undelivered", "probability": 0.01, "code": 30008},
    {"mode": "failed", "probability": 0.01, "code": 30003},
)
MAIL_DRIZZLE: tuple[dict[str, Any], ...] = (
    {"mode": "reject_451", "probability": 0.04, "when": "before"},
    {"mode": "drop", "probability": 0.02, "when": "before"},
    {"mode": "reject_550", "probability": 0.01, "when": "before"},
    {"mode": "drop", "probability": 0.005, "when": "after"},
)


def set_carrier(clinic: Clinic, faults: Sequence[dict[str, Any]]) -> bool:
    """Put `faults` in place of all others at the carrier; False when it did not hear."""
    with suppress(httpx.HTTPError), clinic.carrier() as carrier:
        return carrier.put("/carrier/faults", json=list(faults)).status_code == 200
    return False


def set_mailbox(clinic: Clinic, faults: Sequence[dict[str, Any]]) -> bool:
    """The same at the mail server."""
    with suppress(httpx.HTTPError), clinic.mailbox() as mailbox:
        return mailbox.put("/mail/faults", json=list(faults)).status_code == 200
    return False


def drizzle(clinic: Clinic, seed: int) -> None:
    """The usual share of failing sends, the dice of each fault thrown from `seed`."""
    set_carrier(clinic, [fault | {"seed": seed + n} for n, fault in enumerate(DRIZZLE)])
    set_mailbox(clinic, [fault | {"seed": seed + n} for n, fault in enumerate(MAIL_DRIZZLE)])


def fair(clinic: Clinic) -> bool:
    """End every fault outside."""
    return set_carrier(clinic, []) and set_mailbox(clinic, [])


def _storm(
    name: str, covers: tuple[str, ...], *faults: dict[str, Any], lasts: bool = False, weight: float = 0.5
) -> Fault:
    def strike(clinic: Clinic, dice: random.Random) -> Facts:
        seed = dice.randrange(1 << 30)
        hit = set_carrier(clinic, [fault | {"seed": seed} for fault in faults])
        time.sleep(dice.uniform(2, 5) if not lasts else dice.uniform(20, 40))
        drizzle(clinic, seed)
        return {"victim": "carrier", "hit": hit}

    return Fault(name, "carrier", covers, strike, weight=weight, lasts=lasts)


def _mail_storm(clinic: Clinic, dice: random.Random) -> Facts:
    """Half of all letters are refused for now, cut off, or answered late."""
    seed = dice.randrange(1 << 30)
    faults: list[dict[str, Any]] = [
        {"mode": "reject_451", "probability": 0.5, "when": "before", "seed": seed},
        {"mode": "drop", "probability": 0.3, "when": "before", "seed": seed + 1},
        {"mode": "slow", "probability": 0.2, "when": "before", "seconds": 1, "seed": seed + 2},
    ]
    hit = set_mailbox(clinic, faults)
    time.sleep(dice.uniform(2, 5))
    drizzle(clinic, seed)
    return {"victim": "mailbox", "hit": hit}


FAULTS = (
    _storm("carrier_refuses_connections", ("F28",), {"mode": "refuse", "seconds": 4}),
    _storm("carrier_429_storm", ("F29",), {"mode": "rate_429", "probability": 0.9, "seconds": 2}),
    _storm("carrier_500_before", ("F30",), {"mode": "error_500_before", "probability": 0.5}),
    _storm("carrier_500_after", ("F30",), {"mode": "error_500_after", "probability": 0.5}),
    _storm("carrier_drops_socket_after", ("F6", "F30"), {"mode": "reset_after", "probability": 0.5}),
    _storm(
        "carrier_replies_late",
        ("F31",),
        {"mode": "slow", "when": "after", "seconds": 13, "probability": 0.3},
        weight=0.4,
    ),
    _storm(
        "carrier_slow",
        ("F32",),
        {"mode": "slow", "when": "before", "seconds": 7, "probability": 0.4},
        weight=0.3,
    ),
    _storm(
        "carrier_lookup_down",
        ("F33",),
        {"mode": "lookup_503", "probability": 1},
        {"mode": "error_500_after", "probability": 0.2},
        lasts=True,
        weight=0.3,
    ),
    _storm(
        "carrier_callback_flood",
        ("F34", "F35", "F36"),
        {"mode": "callback_duplicate", "probability": 1, "copies": 20},
        {"mode": "callback_reorder", "probability": 0.6},
        {"mode": "callback_before_reply", "probability": 0.5},
    ),
    Fault("mail_storm", "carrier", ("F28",), _mail_storm, weight=0.6),
)
