"""What an outgoing packet says: a case as headings and lines, ready for any page size. No layout and no clock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "lt": "is under",
    "le": "is at most",
    "gt": "is over",
    "ge": "is at least",
    "in": "is one of",
    "contains": "includes",
    "contains_any": "includes any of",
    "count_ge": "names at least",
}
GROUPS = ("all", "any", "of")
# What staff read for a code that is not simply its own words.
ROUTE_WORDS = {"same_day_clinician": "same-day clinician"}
UNIT_WORDS = {"days/30d": "days in 30"}
WORDLESS_UNITS = (None, "", "score", "count")
ACTION_WORDS = {"E": "emergency", "S": "same day", "U": "urgent", "M": "marker"}


@dataclass(frozen=True, slots=True)
class Found:
    """One red flag, rule or diagnosis that is true. `because`: (question, answer) of each clause that made it true."""

    id: str
    name: str
    says: str
    because: Sequence[tuple[str, str]]
    provenance: str


@dataclass(frozen=True, slots=True)
class Packet:
    """A case as it leaves the house. Every pair is (label, value); an empty part says so in `nothing`."""

    title: str
    patient: Sequence[tuple[str, str]]
    contact: Sequence[tuple[str, str]]
    route: str
    priority: str
    standing: str
    facts: Sequence[tuple[str, str]]
    red_flags: Sequence[Found] = ()
    rules: Sequence[Found] = ()
    diagnoses: Sequence[Found] = ()
    open_questions: Sequence[str] = ()
    answers: Sequence[tuple[str, str]] = ()
    visits: Sequence[tuple[str, str]] = ()
    notes: Sequence[tuple[str, str]] = ()
    unjudged: Sequence[str] = ()


def words(code: object) -> str:
    """Return a code as words: `physical_therapy` is physical therapy."""
    return ROUTE_WORDS.get(str(code), str(code or "").replace("_", " "))


def value_words(value: object) -> str:
    """Return an answer in words. None is not an answer and is never written as "no"."""
    if value is None:
        return "not answered"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(value_words(one) for one in value) or "none of these"
    if isinstance(value, dict):
        return ", ".join(f"{words(name)} {value_words(one)}" for name, one in value.items())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return words(value)


def answer_lines(answers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return each answer as (question in English, answer with its unit and who gave it)."""
    lines = []
    for one in answers:
        value = value_words(one["value"])
        unit = one.get("unit")
        if isinstance(one["value"], int | float) and unit not in WORDLESS_UNITS:
            value = f"{value} {UNIT_WORDS.get(str(unit), words(unit))}"
        if one.get("filled_by") == "staff":
            value = f"{value} (found by staff)"
        label = (one.get("label") or {}).get("en") or words(one["variable"])
        lines.append((str(label), value))
    return lines


def found_lines(
    items: Sequence[Mapping[str, Any]],
    trees: Mapping[str, Any],
    labels: Mapping[str, Mapping[str, str]],
    names: Mapping[str, str],
) -> list[Found]:
    """Return what fired, each with the answers that satisfied it, where it comes from and who signed it.

    `names`: diagnosis id to its name, for clauses that ask for a diagnosis.
    """
    found = []
    for one in items:
        name = str(one.get("id"))
        says = [words(one[key]) for key in ("route", "certainty") if one.get(key)]
        if one.get("action"):
            says.append(ACTION_WORDS.get(str(one["action"]), str(one["action"])))
        if one.get("priority"):
            says.append(str(one["priority"]))
        signed = f"signed by {one['signed_by']}" if one.get("signed_by") else "not signed by a clinician yet"
        provenance = "; ".join([*(str(one[key]) for key in ("source",) if one.get(key)), signed])
        found.append(
            Found(
                name,
                names.get(name) or str(one.get("name") or name),
                ", ".join(says),
                list(dict.fromkeys(satisfied(trees.get(name), labels, names))),
                provenance,
            )
        )
    return found


def satisfied(
    node: Any, labels: Mapping[str, Mapping[str, str]], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (clause as a sentence, the answer given) of every true leaf below a true node."""
    if not isinstance(node, dict):
        return
    if "criteria" in node:
        for criterion in (*node["criteria"].values(), node.get("suspected")):
            yield from satisfied(criterion, labels, names)
        return
    if node.get("result") != "true":
        return
    if "variable" in node:
        yield _sentence(node, labels), value_words(node.get("answer"))
    elif "dx_any" in node:
        yield "Diagnosis", ", ".join(names.get(one, words(one)) for one in node.get("found", []))
    elif "not" in node:
        yield from ((f"Not the case: {text}", answer) for text, answer in _leaves(node["not"], labels))
    elif "is" in node:
        yield from satisfied(node["is"], labels, names)
    for group in GROUPS:
        for child in node.get(group) or ():
            yield from satisfied(child, labels, names)


def _leaves(node: Any, labels: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    if not isinstance(node, dict):
        return
    if "variable" in node:
        yield _sentence(node, labels), value_words(node.get("answer"))
    for child in (
        *(node[key] for key in ("is", "not") if key in node),
        *(c for g in GROUPS for c in node.get(g) or ()),
    ):
        yield from _leaves(child, labels)


def _sentence(leaf: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]) -> str:
    name = str(leaf["variable"])
    label = (labels.get(name) or {}).get("en") or words(name)
    operator, value = str(leaf["operator"]), leaf["value"]
    if operator == "eq" and isinstance(value, bool):
        return label
    return f"{label} ({OPERATORS.get(operator, operator)} {value_words(value)})"
