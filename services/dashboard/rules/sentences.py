"""A condition of the protocol as a sentence, for people who have never seen the document."""

from typing import Any

from services.dashboard.rules.clauses import code_words, diagnosis_name, sentence
from services.dashboard.rules.words import plain

LABELS: dict[str, str] = {}


def sentence_of(condition: Any, labels: dict[str, str] = LABELS, *, nested: bool = False) -> str:
    """Return the condition in words; groups inside groups stand in brackets."""
    if not isinstance(condition, dict) or not condition:
        return "nothing yet"
    if "variable" in condition:
        return sentence(condition, labels)
    if "ref" in condition:
        return f"{str(condition['ref']).removesuffix('.when')} is met"
    if "not" in condition:
        return f"not ({sentence_of(condition['not'], labels)})"
    if "dx_any" in condition:
        return "diagnosis " + " or ".join(
            diagnosis_name(one) or code_words(one) for one in condition["dx_any"]
        )
    if "n_of" in condition:
        return f"at least {condition['n_of']} of: " + "; ".join(
            sentence_of(one, labels, nested=True) for one in condition.get("of", [])
        )
    for kind, joiner in (("all", " and "), ("any", " or ")):
        if kind in condition:
            parts = [sentence_of(one, labels, nested=True) for one in condition[kind]]
            parts = [parts[0], *(_within(one) for one in parts[1:])] if parts else parts
            said = joiner.join(parts) or "nothing yet"
            return f"({said})" if nested and len(parts) > 1 else said
    return "a condition this page cannot say in words"


def tie_break_words(tie: Any) -> str:
    """Return a tie-break as a sentence: the diagnoses that must all be there, and which route is then the first."""
    asked = [diagnosis_name(one) or code_words(one) for one in tie.get("if_dx") or []]
    said = " and ".join([*asked[:1], *(_within(one) for one in asked[1:])]) or "Nothing yet"
    first = plain(tie.get("primary") or "no route yet").lower()
    second = f", then {plain(tie['secondary']).lower()}" if tie.get("secondary") else ""
    return f"{said}: {first} first{second}"


def _within(words: str) -> str:
    """Return words as they stand inside a sentence: an abbreviation keeps its capitals."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
