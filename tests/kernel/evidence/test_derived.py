"""Derived numbers of a medication list: given wins, unknown days leave bounds, bounds answer what they can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_document, shipped_protocol
from kernel.evidence import Bounds, ProtocolError, compile_protocol, evaluate
from kernel.evidence.truth import FALSE, TRUE, UNKNOWN

PROTOCOL = shipped_protocol()


def derived(name: str, answers: dict[str, Any]) -> Any:
    typed, errors = PROTOCOL.check_answers(answers)
    assert errors == []
    return PROTOCOL.fill(typed)[PROTOCOL.values[name]]


def med(name: str, days: float | None = None, months: float | None = None) -> dict[str, Any]:
    return {"class": name, "days_per_month": days, "months": months}


@pytest.mark.parametrize(
    ("name", "rows", "value"),
    [
        ("med_days_triptan", [med("triptan", 4), med("triptan", 5)], 9),
        ("med_days_triptan", [med("triptan", 20), med("triptan", 20)], 31),
        ("med_days_triptan", [med("opioid", 4)], 0),
        ("med_days_triptan", [], 0),
        ("med_days_triptan", [med("triptan", 4), med("triptan")], Bounds(4, 31)),
        ("med_days_ergotamine", [med("ergot", 3), med("ergotamine", 2)], 5),
        ("med_days_non_opioid", [med("aspirin", 3), med("acetaminophen", 4), med("nsaid", 5), med("non_opioid", 1)], 13),
        ("med_days_combination", [med("combination", 3), med("butalbital", 4)], 7),
        ("med_days_other_acute", [med("other", 3)], 3),
        ("med_days_any_acute", [med("triptan", 6), med("opioid", 6)], Bounds(6, 12)),
        ("med_days_any_acute", [med("triptan", 6)], 6),
        ("med_days_any_acute", [med("triptan", 30), med("opioid", 30)], Bounds(30, 31)),
        ("med_days_any_acute", [med("triptan", 6), med("opioid")], Bounds(6, 31)),
        ("med_days_any_acute", [med("preventive", 30)], 0),
        ("med_classes_count", [med("triptan", 6), med("aspirin", 1), med("nsaid", 2)], 2),
        ("med_classes_count", [med("triptan", 6), med("opioid", 0)], 1),
        ("med_classes_count", [med("triptan", 6), med("opioid")], Bounds(1, 2)),
        ("med_months", [med("triptan", 6, 2), med("opioid", 1, 5)], 5),
        ("med_months", [med("triptan", 6, 2), med("opioid", 1)], Bounds(2, 1200)),
        ("med_months", [med("triptan", 6, 2), med("preventive", 30, 24)], 2),
        ("med_months", [med("triptan", 6)], None),
        ("med_months", [], None),
    ],
)  # fmt: skip
@pytest.mark.capability("C5")
def test_from_the_list(name: str, rows: list[dict[str, Any]], value: Any) -> None:
    assert derived(name, {"meds": rows}) == value
    assert derived(name, {}) is None
    assert derived(name, {"meds": rows, name: 3}) == 3


@pytest.mark.parametrize(
    ("operator", "value", "truth"),
    [
        ("ge", 6, TRUE), ("ge", 7, UNKNOWN), ("ge", 12, UNKNOWN), ("ge", 13, FALSE),
        ("gt", 5, TRUE), ("gt", 6, UNKNOWN), ("gt", 12, FALSE),
        ("le", 12, TRUE), ("le", 11, UNKNOWN), ("le", 6, UNKNOWN), ("le", 5, FALSE),
        ("lt", 13, TRUE), ("lt", 12, UNKNOWN), ("lt", 6, FALSE),
        ("eq", 5, FALSE), ("eq", 8, UNKNOWN), ("ne", 5, TRUE), ("ne", 8, UNKNOWN),
    ],
)  # fmt: skip
def test_bounds_answer_only_when_both_ends_agree(operator: str, value: float, truth: int) -> None:
    assert Bounds(6, 12).compare(operator, value) == truth


_OPERATORS = {
    "ge": lambda a, b: a >= b, "gt": lambda a, b: a > b, "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b, "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip


@given(st.integers(0, 31), st.integers(0, 31), st.integers(0, 31), st.sampled_from(sorted(_OPERATORS)))
def test_a_definite_answer_holds_for_every_value_inside(
    low: int, span: int, value: int, operator: str
) -> None:
    truth = Bounds(low, low + span).compare(operator, value)
    inside = {bool(_OPERATORS[operator](one, value)) for one in range(low, low + span + 1)}
    if truth != UNKNOWN:
        assert inside == {truth == TRUE}
    elif operator not in {"eq", "ne"}:
        assert inside == {True, False}


@pytest.mark.parametrize(
    ("born", "seen", "age"),
    [
        ("2008-11-25", "2026-11-24", 17),
        ("2008-11-24", "2026-11-24", 18),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2026-11-25", "2026-11-24", None),
        ("1899-01-01", "2026-11-24", None),
    ],
)
def test_the_age_at_the_visit_is_counted_from_the_record(born: str, seen: str, age: int | None) -> None:
    typed, errors = PROTOCOL.check_answers({"birth_date": born, "visit_date": seen})
    assert errors == []
    assert PROTOCOL.fill(typed)[PROTOCOL.values["age_years"]] == age
    typed, _ = PROTOCOL.check_answers({"birth_date": born, "visit_date": seen, "age_years": 3})
    assert PROTOCOL.fill(typed)[PROTOCOL.values["age_years"]] == 3


@pytest.mark.parametrize(
    "day", ["24-11-2026", "2026-11-31", "2026-11-24T10:00", 20261124, True, "1700-01-01"]
)
def test_what_is_no_day_is_refused_by_its_field(day: object) -> None:
    _, errors = PROTOCOL.check_answers({"visit_date": day})
    assert [one.field for one in errors] == ["visit_date"]


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ({}, 5),
        ({"closed_on": ["2026-11-26"]}, 4),
        ({"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat"]}, 6),
        ({"weekdays": ["sun"]}, 1),
    ],
)
def test_business_days_follow_the_weekdays_and_closed_days_of_the_document(
    more: dict[str, Any], days: int
) -> None:
    document = shipped_document()
    entry = next(one for one in document["derived"] if one["id"] == "answers_age_business_days")
    entry |= more
    protocol = compile_protocol(document)
    typed, _ = protocol.check_answers({"answered_on": "2026-11-20", "visit_date": "2026-11-27"})
    assert protocol.fill(typed)[protocol.values["answers_age_business_days"]] == days


@pytest.mark.parametrize(
    "damage",
    [
        {"from": "fever"},
        {"to": "nowhere"},
        {"weekdays": ["someday"]},
        {"closed_on": ["Christmas"]},
        {"closed_on": 3},
    ],
)
def test_a_day_count_that_cannot_be_read_is_refused_with_its_place(damage: dict[str, Any]) -> None:
    document = shipped_document()
    entry = next(one for one in document["derived"] if one["id"] == "answers_age_business_days")
    entry |= damage
    with pytest.raises(ProtocolError) as refused:
        compile_protocol(document)
    assert any("derived" in problem.path for problem in refused.value.problems)


def test_what_the_record_knows_is_never_a_question() -> None:
    asked = {name for one in evaluate(PROTOCOL, {}).unknown for name in one["variables"]}
    assert "age_years" in asked
    assert not asked & {"birth_date", "visit_date", "answered_on"}
