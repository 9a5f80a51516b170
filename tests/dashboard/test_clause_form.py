"""The clause editor: every condition of the shipped protocol goes through the form and comes back unchanged."""

import json
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from services.dashboard.queries.protocol import items_of
from services.dashboard.rules.clause_form import Row, edited, read_condition, rows_of
from services.dashboard.rules.item_fields import PLAIN_FIELDS, read_fields, read_tie_break
from services.dashboard.rules.item_parts import parts_of, read_parts, with_edit, with_part, without_part
from services.dashboard.rules.sentences import sentence_of, tie_break_words

DOCUMENT = shipped_document()
VARIABLES = {str(one["id"]): one for one in DOCUMENT["variables"]}
CONDITIONS = [
    (one["id"], one["when"])
    for one in (*DOCUMENT["red_flags"], *DOCUMENT["routes"]["rules"], *DOCUMENT["routes"]["modifiers"])
] + [(f"{one['id']}.{c['id']}", c) for one in DOCUMENT["diagnoses"] for c in one["criteria"]]


def asks(variable: str) -> dict[str, Any]:
    return {"variable": variable, "operator": "eq", "value": True}


def posted(rows: list[Row]) -> dict[str, list[str]]:
    """What a browser sends for these rows."""
    form: dict[str, list[str]] = {}
    for row in rows:
        form[f"{row.path}.kind"] = [row.kind]
        if row.carried:
            form[f"{row.path}.carried"] = [row.carried]
        if row.kind == "leaf":
            value = row.condition["value"]
            form[f"{row.path}.variable"] = [row.condition["variable"]]
            form[f"{row.path}.operator"] = [row.condition["operator"]]
            form[f"{row.path}.value"] = value if isinstance(value, list) else [json.dumps(value).strip('"')]
        elif row.kind == "ref":
            form[f"{row.path}.ref"] = [row.condition["ref"]]
        elif row.kind == "dx_any":
            form[f"{row.path}.dx"] = row.condition["dx_any"]
        elif row.kind == "n_of":
            form[f"{row.path}.n"] = [str(row.condition["n_of"])]
    return form


@pytest.mark.parametrize(("name", "condition"), CONDITIONS, ids=[name for name, _ in CONDITIONS])
def test_a_condition_comes_back_unchanged(name: str, condition: dict[str, Any]) -> None:
    form = posted(rows_of(condition, VARIABLES))
    assert read_condition(form, VARIABLES) == condition
    said = sentence_of(condition)
    assert said
    assert "cannot say" not in said


ITEMS = [
    (section, one)
    for section in ("red_flags", "rules", "modifiers", "upgrades", "diagnoses")
    for one in items_of(DOCUMENT, section)
]


def page_of(section: str, item: dict[str, Any]) -> dict[str, list[str]]:
    """What a browser sends for the whole page of an item: its fields and every part."""
    form = {name: [str(item[name])] for name in PLAIN_FIELDS if item.get(name)} | {"id": [item["id"]]}
    form |= {"asked": [{"red_flags": "flag", "rules": "rule", "diagnoses": "diagnosis"}.get(section, "")]}
    form |= {name: list(item.get(name) or []) for name in ("blocks", "show", "definite", "suppresses")}
    form |= {"recheck_weeks": [", ".join(map(str, item.get("recheck_weeks") or []))], "part": []}
    form |= {name: [item[name]] for name in ("code", "to") if item.get(name)}
    if item.get("definite_requires_staff"):
        form["definite_requires_staff"] = ["yes"]
    if probable := item.get("probable"):
        form |= {"probable.id": [probable["id"]], "probable.name": [probable.get("name", "")]}
        form["probable.of"] = probable["all_but_one_of"]
    for part in parts_of(item, section):
        form["part"].append(part.key)
        form |= posted(rows_of(part.condition, VARIABLES, part.key))
        form |= {f"{part.key}.{name}": [str(part.says.get(name) or "")] for name in ("to", "id", "name")}
        form |= {f"{part.key}.{name}": [str(part.says.get(name) or "")] for name in ("source", "status")}
        form[f"{part.key}.holder"] = [part.carried]
    return form


@pytest.mark.parametrize(("section", "item"), ITEMS, ids=[one["id"] for _, one in ITEMS])
def test_a_whole_item_comes_back_unchanged(section: str, item: dict[str, Any]) -> None:
    form = page_of(section, item)
    assert read_parts(form, read_fields(form, item), section, VARIABLES) == item


def test_a_raise_a_criterion_and_a_suspected_form_are_added_and_taken_out() -> None:
    rule = next(one for section, one in ITEMS if one["id"] == "MR3")
    sooner = with_part(rule, "raise", asks("fever"))
    assert [one["to"] for one in sooner["raises"]] == ["P3", "P4"]
    grown = with_edit(sooner, "raise1", "wrap:raise1", asks("rash"))
    assert [one["variable"] for one in grown["raises"][1]["when"]["all"]] == ["fever", "rash"]
    assert without_part(grown, "raise1") == rule
    assert "raises" not in without_part(rule, "raise0")
    assert without_part(rule, "raise7") == rule

    migraine = next(one for section, one in ITEMS if one["id"] == "ICHD_1_1")
    more = with_part(migraine, "criterion", asks("fever"))
    assert (more["definite"], more["criteria"][-1]["id"]) == (["A", "B", "C", "D", "E"], "E")
    assert more["probable"]["all_but_one_of"] == ["A", "B", "C", "D", "E"]
    assert without_part(more, "criterion4") == migraine
    suspected = with_part(migraine, "suspected", asks("fever"))
    assert with_part(suspected, "suspected", asks("rash")) == suspected
    assert without_part(suspected, "suspected") == migraine
    bare = suspected
    for _ in migraine["criteria"]:
        bare = without_part(bare, "criterion0")
    # The last criterion taken out stays out when the page is sent, with another part left or with none.
    for left in (bare, without_part(bare, "suspected")):
        form = page_of("diagnoses", left) | {"part": ["", *(one.key for one in parts_of(left, "diagnoses"))]}
        saved = read_parts(form, read_fields(form, migraine), "diagnoses", VARIABLES)
        assert (saved["criteria"], saved["definite"]) == ([], [])
        assert ("suspected" in saved) == ("suspected" in left)
    cluster = next(one for section, one in ITEMS if one["id"] == "ICHD_3_1")
    assert len(with_part(cluster, "subtype", asks("fever"))["subtypes"]) == 3


def test_a_tie_break_is_read_with_its_place_and_keeps_what_the_form_does_not_ask() -> None:
    before = {
        "id": "2",
        "if_dx": ["ICHD_1_1"],
        "primary": "x",
        "secondary": "y",
        "label": {"en": "z"},
        "rank": 2,
    }
    form = {
        "if_dx": ["ICHD_1_2", "CGH_SUSPECTED"],
        "primary": ["surgical_consult"],
        "secondary": [""],
        "rank": ["1"],
    }
    assert read_tie_break(form, before) == {
        "if_dx": ["ICHD_1_2", "CGH_SUSPECTED"],
        "primary": "surgical_consult",
        "label": {"en": "z"},
        "rank": 1,
    }
    said = "Migraine with aura and cervicogenic headache, suspected: surgical consult first"
    assert tie_break_words({"if_dx": ["ICHD_1_2", "CGH_SUSPECTED"], "primary": "surgical_consult"}) == said


def test_clauses_are_added_wrapped_and_taken_out() -> None:
    leaf = {"id": "A", "variable": "fever", "operator": "eq", "value": True}
    wrapped = edited(leaf, "wrap:c", asks("rash"))
    assert wrapped["id"] == "A"
    assert [one["variable"] for one in wrapped["all"]] == ["fever", "rash"]
    grown = edited(wrapped, "group:c", asks("chills"))
    assert grown["all"][2] == {"any": [{"variable": "chills", "operator": "eq", "value": True}]}
    assert edited(grown, "remove:c.1", asks("x"))["all"][1]["any"][0]["variable"] == "chills"
    assert edited(grown, "remove:c.9", asks("x")) == grown
    assert edited(grown, "remove:c", asks("x")) == grown


@pytest.mark.parametrize(
    ("variable", "operator", "value", "read"),
    [
        ("age_years", "ge", "65", 65),
        ("hx_days_per_month", "lt", "2.5", 2.5),
        ("age_years", "ge", "many", "many"),
        ("fever", "eq", "false", False),
        ("hx_severity", "eq", "severe", "severe"),
        ("hx_severity", "eq", "purple", "mild"),
    ],
)
def test_a_value_is_read_in_the_type_of_its_question(
    variable: str, operator: str, value: str, read: Any
) -> None:
    form = {"c.kind": ["leaf"], "c.variable": [variable], "c.operator": [operator], "c.value": [value]}
    assert read_condition(form, VARIABLES) == {"variable": variable, "operator": operator, "value": read}


def test_a_form_nested_without_end_is_cut() -> None:
    path, form = "c", {}
    for _ in range(40):
        form[f"{path}.kind"] = ["all"]
        path += ".0"
    form[f"{path}.kind"] = ["leaf"]
    assert json.dumps(read_condition(form, VARIABLES)).count("all") <= 6
