"""What the carrier is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSettingError(ValueError):
    """A setting is missing or cannot be; the message names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class CarrierSettings:
    """The carrier's settings. `from_number` is the clinic's number (E.164); port 0 takes a free one."""

    port: int
    account_sid: str
    auth_token: str
    from_number: str
    log_path: Path
    inbound_url: str | None
    callback_delay_ms: int = 300
    callback_statuses: tuple[str, ...] = ("sent", "delivered")
    callback_hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost", "::1"})
    webhook_tries: int = 6
    block_opted_out: bool = False
    clock_offset_seconds: int = 0
    host: str = "127.0.0.1"


def read_settings(environment: Mapping[str, str] = os.environ) -> CarrierSettings:
    """Settings from `environment`; raises BadSettingError in one sentence."""
    statuses = tuple(
        environment.get("CARRIER_CALLBACK_STATUSES", "sent,delivered").replace(" ", "").split(",")
    )
    if not set(statuses) <= {"queued", "sent", "delivered"} or "delivered" not in statuses:
        raise BadSettingError(
            "CARRIER_CALLBACK_STATUSES must be delivered, with or without queued and sent before it."
        )
    hosts = environment.get("CARRIER_CALLBACK_HOSTS", "127.0.0.1,localhost,::1")
    return CarrierSettings(
        port=_whole(environment, "CARRIER_PORT", 0, 65535),
        account_sid=_needed(environment, "CARRIER_ACCOUNT_SID"),
        auth_token=_needed(environment, "CARRIER_AUTH_TOKEN"),
        from_number=_needed(environment, "CARRIER_FROM"),
        log_path=Path(_needed(environment, "CARRIER_LOG")),
        inbound_url=environment.get("CARRIER_INBOUND_URL") or None,
        callback_delay_ms=_whole(environment, "CARRIER_CALLBACK_DELAY_MS", 0, 600_000, "300"),
        callback_statuses=statuses,
        callback_hosts=frozenset(host.strip() for host in hosts.split(",") if host.strip()),
        webhook_tries=_whole(environment, "CARRIER_WEBHOOK_TRIES", 1, 20, "6"),
        block_opted_out=environment.get("CARRIER_BLOCK_OPTED_OUT", "0") == "1",
        clock_offset_seconds=_whole(environment, "CLOCK_OFFSET_SECONDS", -(10**9), 10**9, "0"),
        host=environment.get("CARRIER_HOST", "127.0.0.1"),
    )


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise BadSettingError(f"{name} is not set; the carrier cannot start without it.")
    return value


def _whole(
    environment: Mapping[str, str], name: str, lowest: int, highest: int, default: str | None = None
) -> int:
    text = environment.get(name, "") or default or ""
    try:
        value = int(text)
    except ValueError:
        raise BadSettingError(f"{name} must be a whole number from {lowest} to {highest}.") from None
    if not lowest <= value <= highest:
        raise BadSettingError(f"{name} must be a whole number from {lowest} to {highest}.")
    return value
