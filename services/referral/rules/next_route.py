"""What comes after care that did not help."""

from collections.abc import Mapping, Sequence
from typing import Any

# Where the protocol, asked again, still says the route that was just tried and names no other.
AFTERWARDS = {
    "physical_therapy": "medication_review",
    "medication_review": "physical_therapy",
    "surgical_consult": "staff_triage",
}


def answers_after_therapy(answers: Mapping[str, Any], weeks: float) -> dict[str, Any]:
    """Return the answers with what the finished therapy tells: tried, for at least `weeks`, without success."""
    kinds = answers.get("conservative_kinds") or []
    known = answers.get("conservative_weeks")
    longest = weeks if known is None else max(known, weeks)
    return {
        **answers,
        "conservative_failed": True,
        "conservative_kinds": [*kinds, *(["pt"] if "pt" not in kinds else [])],
        "conservative_weeks": longest,
    }


def next_route(tried: str, proposed: str, secondary: Sequence[str]) -> str:
    """Return the route to propose after `tried`: the protocol's, else another secondary, else the usual."""
    if proposed != tried:
        return proposed
    others = [route for route in secondary if route != tried]
    return others[0] if others else AFTERWARDS.get(tried, "staff_triage")
