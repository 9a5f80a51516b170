"""Which rules of the protocol in force read a variable: what a question is needed for."""

from collections.abc import Iterable, Mapping
from typing import Any

from kernel.evidence import Protocol


def rules_that_read(protocol: Protocol, variable: str) -> list[dict[str, str]]:
    """Flags, routing rules and markers that can depend on `variable`, as {id, name, kind}; [] for an unknown one."""
    bit = protocol.bits.get(variable, 0)
    kinds: tuple[tuple[str, Iterable[Any]], ...] = (
        ("red_flag", protocol.flags),
        ("rule", protocol.rules),
        ("marker", protocol.modifiers),
    )
    routes = protocol.document.get("routes") or {}
    described = [
        *protocol.document.get("red_flags", ()),
        *routes.get("rules", ()),
        *routes.get("modifiers", ()),
    ]
    names = {one["id"]: str(one.get("name") or one["id"]) for one in described}
    return [
        {"id": one.id, "name": names.get(one.id, one.id), "kind": kind}
        for kind, listed in kinds
        for one in listed
        if protocol.reads[one.slot] & bit
    ]


def needed_by(protocol: Protocol, variables: Iterable[str]) -> list[dict[str, Any]]:
    """Each of `variables` with the rules that read it."""
    return [{"variable": name, "rules": rules_that_read(protocol, name)} for name in variables]


def lost_values(
    protocol: Protocol, new: Mapping[str, set[str]], before: Mapping[str, set[str]]
) -> dict[str, list[str]]:
    """Answers the protocol knows that could be chosen before and no more, by variable."""
    lost: dict[str, list[str]] = {}
    for name, codes in before.items():
        known = protocol.variables.get(name)
        if known is None or name not in new:
            continue
        gone = {code for code in codes - new[name] if code in (known.values or ())}
        if gone:
            lost[name] = sorted(gone)
    return lost
