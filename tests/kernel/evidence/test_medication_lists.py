"""A medication list against the days it stands for: each medicine is given real days of a month, which are counted.

The reading of the list (sums, bounds) is thus held against a second one that knows neither: sets of days. What the
list alone makes true or false must be so on every calendar it allows, and the calendars must reach both ends.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import Decision, evaluate

PROTOCOL = shipped_protocol()
MONTH = 31
# Written from reference.md 1.6, not read from the document: which drugs are one class, and which count for nothing.
CLASS_OF = {
    "ergotamine": "ergotamine",
    "ergot": "ergotamine",
    "triptan": "triptan",
    "aspirin": "non_opioid",
    "acetaminophen": "non_opioid",
    "nsaid": "non_opioid",
    "non_opioid": "non_opioid",
    "opioid": "opioid",
    "combination": "combination",
    "butalbital": "combination",
    "other": "other_acute",
    "other_acute": "other_acute",
}
UNCOUNTED = ("gepant", "ditan", "muscle_relaxant", "corticosteroid", "preventive")
CLASSES = sorted(set(CLASS_OF.values()))
CHRONIC = {"age_years": 40, "regions": ["head"], "hx_days_per_month": 20, "pre_existing_headache": True}

rows = st.lists(
    st.builds(
        lambda drug, days, months: {"class": drug, "days_per_month": days, "months": months},
        st.sampled_from([*CLASS_OF, *UNCOUNTED]),
        st.none() | st.integers(0, MONTH),
        st.none() | st.integers(0, 24),
    ),
    max_size=5,
)


def calendar(listed: list[dict[str, Any]], dice: random.Random, how: str) -> dict[str, Any]:
    """Give every row days of the month and count them. `how`: classes fall `together`, `apart` or at random."""
    days_of: dict[str, int] = {}
    months: list[int] = []
    for row in listed:
        group = CLASS_OF.get(row["class"])
        if group is None:
            continue
        days = row["days_per_month"] if row["days_per_month"] is not None else dice.randint(0, MONTH)
        days_of[group] = min(MONTH, days_of.get(group, 0) + days)
        months.append(row["months"] if row["months"] is not None else dice.randint(0, 24))
    taken: dict[str, set[int]] = {}
    start = 0
    for group, count in days_of.items():
        if how == "random":
            taken[group] = set(dice.sample(range(MONTH), count))
        else:
            taken[group] = {(start + day) % MONTH for day in range(count)}
            start += count if how == "apart" else 0
    counted: dict[str, Any] = {f"med_days_{name}": len(taken.get(name, set())) for name in CLASSES}
    counted["med_days_any_acute"] = len(set().union(*taken.values()))
    counted["med_classes_count"] = sum(1 for days in taken.values() if days)
    return counted | ({"med_months": max(months)} if months else {})


def decide(answers: dict[str, Any]) -> Decision:
    typed, errors = PROTOCOL.check_answers(answers)
    assert not errors
    return evaluate(PROTOCOL, typed)


def said(decision: Decision) -> tuple[set[str], set[str]]:
    """Ids that are true, and ids that are open."""
    true = {one["id"] for one in (*decision.red_flags, *decision.rules, *decision.diagnoses)}
    return true, {one["id"] for one in decision.unknown}


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_what_a_list_settles_holds_on_every_calendar_it_allows(
    listed: list[dict[str, Any]], dice: random.Random
) -> None:
    true, unsettled = said(decide({**CHRONIC, "meds": listed}))
    for how in ("together", "apart", "random", "random"):
        counted = calendar(listed, dice, how)
        on_days, open_on_days = said(decide({**CHRONIC, **counted}))
        assert true <= on_days, how
        assert on_days <= true | unsettled, how
        # A list that was answered is complete: counting its days opens nothing that was settled.
        assert open_on_days <= unsettled | ({"ICHD_8_2"} if "med_months" not in counted else set()), how


@given(rows)
@settings(max_examples=80, deadline=None)
def test_with_every_number_and_one_class_list_and_days_decide_alike(listed: list[dict[str, Any]]) -> None:
    whole = [
        {**row, "class": "nsaid", "days_per_month": row["days_per_month"] or 0, "months": row["months"] or 0}
        for row in listed
    ]
    counted = calendar(whole, random.Random(1), "together")
    by_list, by_days = decide({**CHRONIC, "meds": whole}), decide({**CHRONIC, **counted})
    assert (by_list.route, by_list.priority, said(by_list)) == (
        by_days.route,
        by_days.priority,
        said(by_days),
    )


@pytest.mark.capability("C5")
@pytest.mark.parametrize(
    ("days", "settled"), [((6, 3), False), ((6, 4), None), ((10, 2), True), ((3, 4), False)]
)
def test_two_classes_are_overuse_only_when_every_calendar_says_so(
    days: tuple[int, int], settled: bool | None
) -> None:
    """8.2.6 asks for ten days with any drug: six and four are ten at most and six at least, so it stays a question."""
    listed = [
        {"class": drug, "days_per_month": count, "months": 6}
        for drug, count in zip(("triptan", "opioid"), days, strict=True)
    ]
    true, unsettled = said(decide({**CHRONIC, "meds": listed}))
    assert ("ICHD_8_2" in true, "ICHD_8_2" in unsettled) == (settled is True, settled is None)
    ends = [calendar(listed, random.Random(2), how)["med_days_any_acute"] for how in ("together", "apart")]
    assert (ends[0] >= 10, ends[1] >= 10) == {True: (True, True), False: (False, False), None: (False, True)}[
        settled
    ]
