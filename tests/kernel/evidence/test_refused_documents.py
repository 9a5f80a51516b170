"""A broken document is refused whole, with the place and the reason of every fault."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from kernel.evidence import ProtocolError, compile_protocol, load_document
from kernel.evidence.lines import located

SHIPPED = shipped_document()


def derived(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The derived variable `name` of `document`."""
    found: dict[str, Any] = next(one for one in document["derived"] if one["id"] == name)
    return found


def refusal(change: Callable[[dict[str, Any]], object]) -> dict[str, str]:
    """Codes by path for the shipped document after ``change``."""
    document = copy.deepcopy(SHIPPED)
    change(document)
    with pytest.raises(ProtocolError) as caught:
        compile_protocol(document)
    return {problem.path: problem.code for problem in caught.value.problems}


def flag(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["red_flags"] if one["id"] == name)


def test_an_unknown_variable_is_named() -> None:
    codes = refusal(lambda d: flag(d, "SN04")["when"].update(variable="thunderclapp"))
    assert codes == {"SN04.when": "unknown_variable"}


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        ({"variable": "age_years", "operator": "ge", "value": "65"}, "wrong_value"),
        ({"variable": "age_years", "operator": "ge", "value": True}, "wrong_value"),
        ({"variable": "age_years", "operator": "contains", "value": 65}, "wrong_value"),
        ({"variable": "hx_laterality", "operator": "eq", "value": "middle"}, "wrong_value"),
        ({"variable": "hx_laterality", "operator": "in", "value": "left"}, "wrong_value"),
        ({"variable": "hx_laterality", "operator": "in", "value": []}, "wrong_value"),
        ({"variable": "hx_laterality", "operator": "ge", "value": "left"}, "wrong_value"),
        ({"variable": "regions", "operator": "contains", "value": "knee"}, "wrong_value"),
        ({"variable": "regions", "operator": "eq", "value": "neck"}, "wrong_value"),
        ({"variable": "regions", "operator": "count_ge", "value": 0}, "wrong_value"),
        ({"variable": "fever", "operator": "eq", "value": "yes"}, "wrong_value"),
        ({"variable": "fever", "operator": "eq", "value": 1}, "wrong_value"),
        ({"variable": "meds", "operator": "eq", "value": 1}, "wrong_value"),
        ({"variable": "fever", "operator": "is", "value": True}, "unknown_operator"),
        ({"variable": "fever", "operator": ["eq"], "value": True}, "unknown_operator"),
        ({"variable": ["fever"], "operator": "eq", "value": True}, "unknown_variable"),
        ({"variable": "fever", "operator": "eq", "value": True, "or": []}, "unknown_key"),
        ({"all": []}, "wrong_type"),
        ({"any": {}}, "wrong_type"),
        ({"n_of": 3, "of": [{"ref": "SN04.when"}]}, "wrong_value"),
        ({"n_of": True, "of": [{"ref": "SN04.when"}]}, "wrong_value"),
        ({"ref": "SN99.when"}, "unknown_ref"),
        ({"dx_any": ["ICHD_9_9"]}, "unknown_diagnosis"),
        ({"dx_any": []}, "wrong_type"),
        ({}, "not_a_condition"),
        ({"all": [], "any": []}, "not_a_condition"),
    ],
)
def test_a_broken_clause_is_refused(leaf: dict[str, Any], code: str) -> None:
    codes = refusal(lambda d: flag(d, "SN01S").update(when=leaf))
    assert code in codes.values()
    assert all(path.startswith("SN01S.when") for path in codes)


def test_a_reference_in_a_circle_is_refused() -> None:
    def turn(document: dict[str, Any]) -> None:
        flag(document, "SN01S")["when"] = {"not": {"ref": "SN02.when"}}
        flag(document, "SN02")["when"] = {"all": [{"ref": "SN01S.when"}]}

    assert "cycle" in refusal(turn).values()
    assert "cycle" in refusal(lambda d: flag(d, "SN02").update(when={"ref": "SN02.when"})).values()


def test_a_criterion_that_needs_its_own_diagnosis_is_refused() -> None:
    def turn(document: dict[str, Any]) -> None:
        document["diagnoses"][0]["criteria"][0] = {"id": "A", "dx_any": ["ICHD_1_1"]}

    assert "cycle" in refusal(turn).values()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["red_flags"].append(copy.deepcopy(d["red_flags"][3])), "duplicate_id"),
        (lambda d: d["variables"].append({"id": "fever", "type": "bool"}), "duplicate_id"),
        (lambda d: d["routes"]["rules"][0].update(id="SN04"), "duplicate_id"),
        (lambda d: d["derived"].append(dict(d["derived"][0])), "duplicate_id"),
        (lambda d: d["variables"].append({"id": "x", "type": "colour"}), "wrong_value"),
        (lambda d: d["variables"].append({"id": "x", "type": "enum"}), "wrong_value"),
        (lambda d: d["variables"].append({"id": "x", "type": "int"}), "missing"),
        (lambda d: d["variables"].append("fever"), "wrong_type"),
        (lambda d: d.update(variables=[]), "missing"),
        (lambda d: d.update(red_flags={}), "wrong_type"),
        (lambda d: d.update(version=2), "missing"),
        (lambda d: d["red_flags"][0].update(action="X"), "wrong_value"),
        (lambda d: d["red_flags"][0].update(to="surgery"), "wrong_value"),
        (lambda d: d["red_flags"][0].update(wen=1), "unknown_key"),
        (lambda d: d["red_flags"][0].pop("when"), "missing"),
        (lambda d: d["routes"]["rules"][0].update(route="surgery"), "wrong_value"),
        (lambda d: d["routes"]["rules"][0].update(priority="P9"), "wrong_value"),
        (lambda d: d["routes"].update(order=[]), "wrong_value"),
        (lambda d: d["routes"]["fallback"].update(route="nowhere"), "wrong_value"),
        (lambda d: d["routes"]["tie_breaks"][0].update(if_dx=["NONE"]), "unknown_diagnosis"),
        (lambda d: d["routes"]["review_when"][0].update(kind="mood"), "wrong_value"),
        (lambda d: d["diagnoses"][0].update(definite=["Z"]), "unknown_ref"),
        (lambda d: d["diagnoses"][0]["criteria"].append({"id": "A"}), "wrong_value"),
        (lambda d: d["ranking"]["display_order"].append("ICHD_0"), "unknown_diagnosis"),
        (lambda d: derived(d, "med_days_ergotamine").update(field="class"), "wrong_value"),
        (lambda d: derived(d, "med_days_ergotamine").update(groups=["none"]), "not_in_values"),
        (lambda d: derived(d, "migraine_attacks_lifetime").update({"from": "fever"}), "wrong_type"),
        (lambda d: d["derived"][0].update(kind="guess"), "unknown_kind"),
    ],
)
def test_a_broken_part_is_refused(change: Callable[[dict[str, Any]], object], code: str) -> None:
    assert code in refusal(change).values()


def test_every_fault_is_listed_at_once() -> None:
    def twice(document: dict[str, Any]) -> None:
        flag(document, "SN04")["when"]["variable"] = "one"
        flag(document, "SN02")["when"]["operator"] = "two"

    assert refusal(twice) == {"SN04.when": "unknown_variable", "SN02.when": "unknown_operator"}


def test_an_oversize_or_deep_document_is_refused() -> None:
    deep: dict[str, Any] = {"variable": "fever", "operator": "eq", "value": True}
    for _ in range(5000):
        deep = {"not": deep}
    with pytest.raises(ProtocolError, match="too_deep"):
        compile_protocol({**SHIPPED, "red_flags": [{**flag(SHIPPED, "SN04"), "when": deep}]})
    with pytest.raises(ProtocolError, match="too_large"):
        compile_protocol({**SHIPPED, "notes": list(range(100_000))})
    with pytest.raises(ProtocolError, match="too_large"):
        compile_protocol({**SHIPPED, "notes": "x" * 10_000})


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[" * 100_000, "too_deep", 1),
        pytest.param('{"a": "[[[",\n"b": ' + "\n[" * 30_000, "too_deep", 42, id="deep-by-lines"),
        (" " * 10_000_000, "too_large", None),
        ('{\n "a": 1,\n "b": }', "not_json", 3),
        ("a: &x [*x, *x]\n", "not_json", 1),
        ("!!python/object/apply:os.system [ls]", "not_json", 1),
        ('{\n"a":\nNaN}', "not_json", 3),
        ('{"b": {"a": 1},\n "a": 1,\n\n "a": 2}', "not_json", 4),
        ("[]", "wrong_type", None),
        (b'{\n"a": "\xff"}', "not_text", 2),
    ],
)
def test_a_hostile_file_is_refused_with_its_line(text: str | bytes, code: str, line: int | None) -> None:
    with pytest.raises(ProtocolError) as caught:
        load_document(text)
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == (code, line)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ('{"a": ', "a value is missing here"),
        ('{"a": 1,}', "a name in double quotes is missing here"),
        ('{"a": [1 2]}', "a comma is missing here"),
        ('{"a" 1}', "a colon is missing after the name"),
        ('{"a": "b', "no closing quotation mark"),
        ('{"a": "b\n"}', "a line break or a tab stands inside a text"),
        ('{"a": "\\q"}', "a backslash inside a text"),
        ('{"a": 1} and more', "something follows after the end"),
    ],
)
def test_what_is_no_json_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        load_document(text)
    assert words in caught.value.problems[0].message


def test_the_shipped_document_survives_its_file() -> None:
    assert load_document(json.dumps(SHIPPED)) == SHIPPED


@pytest.mark.parametrize("junk", [None, 7, "text", [], {}, {"variables": {}}, {"routes": []}, {"derived": 3}])
def test_junk_is_refused_not_raised_on(junk: Any) -> None:
    with pytest.raises(ProtocolError):
        compile_protocol(junk)
    if isinstance(junk, dict):
        with pytest.raises(ProtocolError):
            compile_protocol({**dict.fromkeys(SHIPPED), **junk})


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Put ``value`` at a path such as ``routes.rules.3.priority``."""

    def change(document: dict[str, Any]) -> None:
        holder: Any = document
        *steps, last = path.split(".")
        for step in steps:
            holder = holder[int(step) if step.isdigit() else step]
        holder[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("diagnoses.0.criteria.2.of.1.value", "drumming", '"value": "drumming"'),
        ("diagnoses.1.definite", ["A", "Z"], '"definite": ['),
        ("derived.0.kind", "guess", '"kind": "guess"'),
        ("variables.7.type", "fish", '"type": "fish"'),
        ("routes.tie_breaks.0.primary", "nowhere", '"primary": "nowhere"'),
        ("routes.modifiers.0.when", {"dx_any": ["ICHD_9"]}, '"dx_any": ['),
        ("routes.priority_modifiers.upgrade_one_class_if_any.0.when.operator", "over", '"operator": "over"'),
        ("priorities.2.id", "P1", '"id": "P1"'),
        ("red_flags.5", "fever", '"fever"'),
    ],
)
def test_every_fault_is_found_in_its_line(path: str, value: Any, written: str) -> None:
    document = copy.deepcopy(SHIPPED)
    _set(path, value)(document)
    text = json.dumps({"number": 1, "document": document}, indent=1)
    with pytest.raises(ProtocolError) as caught:
        compile_protocol(document)
    first = located(caught.value.problems, text, "document")[0]
    assert first.line is not None
    assert "\n".join(text.splitlines()[first.line - 1 :]).lstrip().startswith(written), first
