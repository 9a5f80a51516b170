"""What a service could not tell another one, as a manager can deal with it: by kind, with the reason in words."""

from typing import Any

SERVICES = {"intake": "Intake", "referral": "Referrals", "notify": "Messages", "dashboard": "Staff pages"}


def why_given_up(reason: str) -> str:
    """Return the last error of a delivery in words: `status 422`, `worker_lost 3`, or a fault of the connection."""
    kind, _, number = reason.partition(" ")
    if kind == "worker_lost":
        return f"bringing it ended the process {number} times"
    if reason == "status 422":
        return "it was refused as wrong, five times"
    if kind == "status":
        return f"it was answered with {number}, five times"
    return reason.replace("_", " ") or "not known"


def group_dead_events(service: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `items` of one service as groups of one type, listener and reason, the oldest first."""
    groups: dict[tuple[str, str, str], dict[str, Any]] = {}
    for item in items:
        key = (str(item["type"]), str(item["listener"]), str(item["reason"]))
        new = {
            "service": service,
            "sender": SERVICES.get(service, service),
            "listener": SERVICES.get(key[1], key[1]),
            "type": key[0],
            "why": why_given_up(key[2]),
            "since": item["occurred_at"],
            "ids": [],
        }
        groups.setdefault(key, new)["ids"].append(item["id"])
    return list(groups.values())
