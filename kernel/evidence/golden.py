"""Golden cases: named synthetic patients with the route, priority and diagnoses they must get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.evidence.decision import Decision
from kernel.evidence.evaluate import evaluate
from kernel.evidence.protocol import Protocol


class GoldenCasesRefused(ValueError):
    """The file of golden cases cannot be used; the message names the case and the fault."""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One case. ``expected`` holds any of route, priority, secondary, diagnoses,
    subtypes, red_flags, modifiers and insufficient_data."""

    id: str
    name: str
    title: str
    answers: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """A case run. ``differences`` maps what differs to (expected, found); a refused answer is one too."""

    case: GoldenCase
    differences: Mapping[str, tuple[Any, Any]]

    @property
    def passed(self) -> bool:
        return not self.differences


def read_golden_cases(document: Mapping[str, Any]) -> tuple[GoldenCase, ...]:
    """The cases of a file: answers laid over the background they name; a null answer takes one away."""
    backgrounds = document.get("backgrounds", {})
    found: dict[str, GoldenCase] = {}
    for entry in document.get("cases", []):
        name = str(entry.get("id"))
        if name in found:
            raise GoldenCasesRefused(f"The case {name} stands twice.")
        background = entry.get("background")
        if background is not None and background not in backgrounds:
            raise GoldenCasesRefused(f"The case {name} names a background that is not in the file.")
        answers = {**(backgrounds[background] if background else {}), **entry.get("answers", {})}
        found[name] = GoldenCase(
            id=name,
            name=str(entry.get("name", "")),
            title=str(entry.get("title", "")),
            answers={key: value for key, value in answers.items() if value is not None},
            expected=entry.get("expected", {}),
        )
    return tuple(found.values())


def run_golden_cases(protocol: Protocol, cases: Sequence[GoldenCase]) -> tuple[GoldenResult, ...]:
    """Every case run against a protocol, in order. A variable the protocol lacks fails its case."""
    return tuple(GoldenResult(case, _differences(protocol, case)) for case in cases)


def _differences(protocol: Protocol, case: GoldenCase) -> dict[str, tuple[Any, Any]]:
    typed, errors = protocol.check_answers(case.answers)
    if errors:
        return {"answers": ([], [f"{one.field}: {one.code}" for one in errors])}
    found = _as_expected(evaluate(protocol, typed))
    return {
        key: (wanted, found.get(key))
        for key, wanted in case.expected.items()
        if (sorted(wanted) if isinstance(wanted, list) else wanted) != found.get(key)
    }


def _as_expected(decision: Decision) -> dict[str, Any]:
    return {
        "route": decision.route,
        "priority": decision.priority,
        "secondary": sorted(decision.secondary),
        "diagnoses": {str(one["id"]): one["certainty"] for one in decision.diagnoses},
        "subtypes": {str(one["id"]): one["subtypes"] for one in decision.diagnoses if one["subtypes"]},
        "red_flags": sorted(str(one["id"]) for one in decision.red_flags),
        "modifiers": sorted(str(one["add"]) for one in decision.modifiers),
        "insufficient_data": decision.insufficient_data,
    }
