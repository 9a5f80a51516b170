"""The clause editor: every condition of the shipped protocol goes through the form and comes back unchanged."""

import json
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from services.dashboard.rules.clause_form import Row, edited, read_condition, rows_of
from services.dashboard.rules.sentences import sentence_of

DOCUMENT = shipped_document()
VARIABLES = {str(one["id"]): one for one in DOCUMENT["variables"]}
CONDITIONS = [
    (one["id"], one["when"])
    for one in (*DOCUMENT["red_flags"], *DOCUMENT["routes"]["rules"], *DOCUMENT["routes"]["modifiers"])
] + [(f"{one['id']}.{c['id']}", c) for one in DOCUMENT["diagnoses"] for c in one["criteria"]]


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


def test_clauses_are_added_wrapped_and_taken_out() -> None:
    leaf = {"id": "A", "variable": "fever", "operator": "eq", "value": True}
    wrapped = edited(leaf, "wrap:c", "rash")
    assert wrapped["id"] == "A"
    assert [one["variable"] for one in wrapped["all"]] == ["fever", "rash"]
    grown = edited(wrapped, "group:c", "chills")
    assert grown["all"][2] == {"any": [{"variable": "chills", "operator": "eq", "value": True}]}
    assert edited(grown, "remove:c.1", "x")["all"][1]["any"][0]["variable"] == "chills"
    assert edited(grown, "remove:c.9", "x") == grown
    assert edited(grown, "remove:c", "x") == grown


@pytest.mark.parametrize(
    ("variable", "operator", "value", "read"),
    [
        ("age_years", "ge", "65", 65),
        ("hx_days_per_month", "lt", "2.5", 2.5),
        ("age_years", "ge", "many", 0),
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
