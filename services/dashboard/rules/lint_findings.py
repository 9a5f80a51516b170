"""What the linter found in a draft, by kind and in words, with the way to each item it names."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Per code of `kernel.evidence.lint`: what it means, and what to do about it.
WORDS: Final = {
    "unreachable": ("Can never hold", "No answers make it true. Change its condition or take it out."),
    "threshold_out_of_range": (
        "Number outside the question's range",
        "It is always met or never. Look at the number.",
    ),
    "not_asked": ("No questionnaire asks it", "What reads it can stay unknown. Ask it in a questionnaire."),
    "uncovered": ("Answers no rule covers", "These patients go to a person. Add a rule if they should not."),
    "gap": ("A number falls between two rules", "Let one of the two begin where the other ends."),
    "both_sides": ("A number meets two rules", "Let one of the two leave it out, unless both are meant."),
    "off_by_one": ("Two numbers differ by one", "One of them may be mistyped."),
    "overlap": (
        "Rules with different routes fire together",
        "The first way named below decides. Look whether it should.",
    ),
    "value_never_read": ("An answer that changes nothing", "Let a rule read it, or take the answer out."),
}


def words_of(code: str) -> tuple[str, str]:
    """Return what a code of the linter means and what to do about it; a code unknown here as its own words."""
    return WORDS.get(code, (code.replace("_", " ").capitalize(), ""))


def findings_by_kind(
    findings: Iterable[Mapping[str, Any]], places: Mapping[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the findings, kind by kind: what blocks first, then kinds with new findings; new ones first in each.

    `places`: section and name of each item by its id. An item of no section is named by its id alone.
    """
    kinds: dict[str, dict[str, Any]] = {}
    for one in findings:
        code = str(one.get("code", ""))
        words, todo = words_of(code)
        kind = kinds.setdefault(
            code, {"words": words, "todo": todo, "blocks": False, "new": 0, "findings": []}
        )
        kind["blocks"] |= one.get("severity") == "error"
        kind["new"] += bool(one.get("new"))
        kind["findings"].append({**one, "places": [_place(item, places) for item in one.get("items") or []]})
    for kind in kinds.values():
        kind["findings"].sort(key=lambda one: not one.get("new"))
    return sorted(kinds.values(), key=lambda kind: (not kind["blocks"], not kind["new"]))


def _place(item: str, places: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    section, name = places.get(item, ("", ""))
    return {"id": item, "section": section, "name": name}
