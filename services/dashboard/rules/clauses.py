"""The clause tree of a decision as lines a clinician reads: what was asked, what was answered, what it made of it."""

from dataclasses import dataclass
from typing import Any

from services.dashboard.rules.variables import label_of, value_words

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
}


DIAGNOSIS_NAMES = {
    "ICHD_1_1": "Migraine without aura",
    "ICHD_1_2": "Migraine with aura",
    "ICHD_1_3": "Chronic migraine",
    "ICHD_1_4_1": "Status migrainosus",
    "ICHD_1_5_1": "Probable migraine without aura",
    "ICHD_1_5_2": "Probable migraine with aura",
    "ICHD_2_1": "Infrequent episodic tension-type headache",
    "ICHD_2_2": "Frequent episodic tension-type headache",
    "ICHD_2_3": "Chronic tension-type headache",
    "ICHD_2_4_1": "Probable infrequent tension-type headache",
    "ICHD_2_4_2": "Probable frequent tension-type headache",
    "ICHD_2_4_3": "Probable chronic tension-type headache",
    "ICHD_3_1": "Cluster headache",
    "ICHD_3_5_1": "Probable cluster headache",
    "ICHD_4_10": "New daily persistent headache",
    "ICHD_8_2": "Medication-overuse headache",
    "ICHD_11_2_1": "Cervicogenic headache",
    "CGH_SUSPECTED": "Cervicogenic headache, suspected",
}


@dataclass(frozen=True)
class Line:
    """One clause. `result`: true, false or unknown; `answer` is "" for a group."""

    depth: int
    result: str
    text: str
    answer: str = ""
    variable: str = ""


def sentence(leaf: dict[str, Any], labels: dict[str, str]) -> str:
    """Return a leaf as a sentence without its full stop."""
    label, operator, value = label_of(str(leaf["variable"]), labels), str(leaf["operator"]), leaf["value"]
    if operator == "eq" and value is True:
        return label
    if operator == "eq" and value is False:
        return f"{label}: no"
    if operator == "count_ge":
        return f"{label}: at least {value_words(value)} named"
    return f"{label} {OPERATORS.get(operator, operator)} {value_words(value)}"


def lines(node: dict[str, Any] | None, labels: dict[str, str], depth: int = 0) -> list[Line]:
    """Return the clause tree of `node`, parents before children."""
    if not node:
        return []
    result = str(node.get("result", "unknown"))
    if "variable" in node:
        answer = value_words(node.get("answer"))
        return [Line(depth, result, sentence(node, labels), answer, str(node["variable"]))]
    if "ref" in node:
        rule = str(node["ref"]).removesuffix(".when")
        return [Line(depth, result, f"As {rule} says"), *lines(node.get("is"), labels, depth + 1)]
    if "not" in node:
        return [Line(depth, result, "Not the case that"), *lines(node["not"], labels, depth + 1)]
    if "dx_any" in node:
        found = ", ".join(code_words(one) for one in node.get("found", [])) or "none of them"
        asked = " or ".join(code_words(one) for one in node["dx_any"])
        made = [Line(depth, result, f"Diagnosis {asked}", found)]
        for criteria in node.get("criteria", []):
            made += lines(criteria, labels, depth + 1)
        return made
    for kind, words in (("all", "All of these"), ("any", "Any of these"), ("of", "")):
        if kind in node:
            children = [one for one in node[kind] if one]
            if len(children) == 1:
                return lines(children[0], labels, depth)
            head = words or f"At least {node.get('n_of')} of these"
            made = [Line(depth, result, head)]
            for child in children:
                made += lines(child, labels, depth + 1)
            return made
    return []


def code_words(code: str) -> str:
    """Return a diagnosis code as clinicians write it: ICHD_1_5_1 is ICHD-3 1.5.1."""
    if code.startswith("ICHD_"):
        return "ICHD-3 " + code.removeprefix("ICHD_").replace("_", ".")
    return code.replace("_SUSPECTED", "").replace("_", " ")


def diagnosis_name(code: str) -> str:
    """Return a diagnosis in words; "" for one the decision brings under its own name only."""
    return DIAGNOSIS_NAMES.get(code, "")


def answers_behind(node: dict[str, Any] | None, labels: dict[str, str]) -> list[Line]:
    """Return only the true leaves of a true clause: the answers that satisfied it."""
    return [line for line in lines(node, labels) if line.result == "true" and line.variable]
