"""The check of answers: types, ranges, values, sets, medication rows, and no value ever repeated."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import FieldError, evaluate

PROTOCOL = shipped_protocol()


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"age_years": 40}, []),
        ({"age_years": 40.0}, [("age_years", "wrong_type")]),
        ({"age_years": True}, [("age_years", "wrong_type")]),
        ({"age_years": "40"}, [("age_years", "wrong_type")]),
        ({"age_years": -1}, [("age_years", "out_of_range")]),
        ({"age_years": 121}, [("age_years", "out_of_range")]),
        ({"age_years": 10**400}, [("age_years", "out_of_range")]),
        ({"hx_days_per_month": 15}, []),
        ({"hx_days_per_month": 15.5}, []),
        ({"hx_days_per_month": False}, [("hx_days_per_month", "wrong_type")]),
        ({"hx_days_per_month": 31.5}, [("hx_days_per_month", "out_of_range")]),
        ({"hx_days_per_month": math.nan}, [("hx_days_per_month", "wrong_type")]),
        ({"hx_days_per_month": math.inf}, [("hx_days_per_month", "wrong_type")]),
        ({"fever": True}, []),
        ({"fever": 1}, [("fever", "wrong_type")]),
        ({"fever": "yes"}, [("fever", "wrong_type")]),
        ({"fever": None}, []),
        ({"hx_laterality": "left"}, []),
        ({"hx_laterality": "middle"}, [("hx_laterality", "not_in_values")]),
        ({"hx_laterality": ["left"]}, [("hx_laterality", "wrong_type")]),
        ({"regions": []}, []),
        ({"regions": ["neck", "head"]}, []),
        ({"regions": "neck"}, [("regions", "wrong_type")]),
        ({"regions": ["knee"]}, [("regions", "not_in_values")]),
        ({"regions": ["neck", "neck"]}, [("regions", "duplicate")]),
        ({"regions": [["neck"]]}, [("regions", "wrong_type")]),
        ({"rf_bool": True}, [("rf_bool", "unknown_field")]),
        ({"Jane Roe": True}, [("(not a field name)", "unknown_field")]),
        ({"meds": []}, []),
        ({"meds": [{"class": "triptan"}]}, []),
        ({"meds": [{"class": "triptan", "days_per_month": 4, "months": 2.5}]}, []),
        ({"meds": [{"class": "triptan", "days_per_month": None}]}, []),
        ({"meds": {"class": "triptan"}}, [("meds", "wrong_type")]),
        ({"meds": ["triptan"]}, [("meds[0]", "wrong_type")]),
        ({"meds": [{"days_per_month": 4}]}, [("meds[0].class", "required")]),
        ({"meds": [{"class": "sweets"}]}, [("meds[0].class", "not_in_values")]),
        ({"meds": [{"class": "triptan", "dose": 1}]}, [("meds[0].dose", "unknown_field")]),
        ({"meds": [{"class": "triptan", "days_per_month": 32}]}, [("meds[0].days_per_month", "out_of_range")]),
        ({"meds": [{"class": "triptan"}] * 101}, [("meds", "too_many")]),
        ([], [("", "wrong_type")]),
        (None, [("", "wrong_type")]),
    ],
)  # fmt: skip
def test_check(answers: object, errors: list[tuple[str, str]]) -> None:
    typed, found = PROTOCOL.check_answers(answers)
    assert [(one.field, one.code) for one in found] == errors
    evaluate(PROTOCOL, typed)


def test_faults_are_all_listed_and_good_answers_kept() -> None:
    typed, errors = PROTOCOL.check_answers({"age_years": "x", "fever": True, "foo": 1})
    assert typed == {"fever": True}
    assert errors == [FieldError("age_years", "wrong_type"), FieldError("foo", "unknown_field")]


def test_null_is_the_same_as_absent() -> None:
    everything = dict.fromkeys(PROTOCOL.variables)
    assert PROTOCOL.check_answers(everything) == ({}, [])


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(sorted(PROTOCOL.variables)) | st.text(max_size=10), json_values, max_size=8
    )
)
def test_any_json_is_checked_without_an_error_and_what_passes_evaluates(answers: dict[str, Any]) -> None:
    typed, errors = PROTOCOL.check_answers(answers)
    assert not {one.field for one in errors} & set(typed)
    evaluate(PROTOCOL, typed)
    again, none = PROTOCOL.check_answers({name: answers[name] for name in typed})
    assert (again, none) == (typed, [])
