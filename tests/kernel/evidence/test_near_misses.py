"""Near misses and the questions that matter, held against trying every answer the slow way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.evidence import evaluate
from kernel.evidence.answer_classes import answer_classes
from kernel.evidence.near_misses import NearMiss, near_misses
from kernel.evidence.questions import unknowns_that_matter
from tests.kernel.evidence.answering import ANSWERS, PROTOCOL, some_answers
from tests.protocol.cases import MIGRAINE, NECK_HEADACHE, OVERUSE

law = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def typed(answers: dict[str, Any]) -> dict[str, Any]:
    checked, errors = PROTOCOL.check_answers(answers)
    assert errors == []
    return checked


def misses(answers: dict[str, Any]) -> dict[tuple[str, str], NearMiss]:
    return {(one.variable, one.route): one for one in near_misses(PROTOCOL, typed(answers))}


@pytest.mark.capability("T4")
class TestNearMisses:
    def test_one_unanswered_question_from_a_surgical_consult(self) -> None:
        answers = {
            "age_years": 50,
            "radicular_leg": True,
            "conservative_weeks": 8,
            "conservative_failed": True,
        }
        miss = misses({**answers, "regions": ["low_back"]})["imaging_concordant", "surgical_consult"]
        assert (miss.now, miss.value, miss.answered) == (None, True, False)
        assert (miss.priority, miss.gains) == ("P4", ("SC3",))

    def test_one_given_answer_from_a_surgical_consult(self) -> None:
        answers = {
            "age_years": 50,
            "radicular_leg": True,
            "conservative_weeks": 5,
            "conservative_failed": True,
        }
        miss = misses({**answers, "imaging_concordant": True, "regions": ["low_back"]})[
            "conservative_weeks", "surgical_consult"
        ]
        assert (miss.now, miss.value, miss.gains) == (5, 6, ("SC3",))

    def test_one_day_from_medication_overuse(self) -> None:
        answers = {**NECK_HEADACHE, **OVERUSE, "med_days_non_opioid": 14}
        miss = misses(answers)["med_days_non_opioid", "medication_review"]
        assert (miss.now, miss.value, miss.gains) == (14, 15, ("MR3",))

    def test_the_nearest_value_is_shown(self) -> None:
        miss = misses({**MIGRAINE, **NECK_HEADACHE})["hx_duration_min", "physical_therapy"]
        assert (miss.now, miss.value, miss.loses) == (600, 239, ())

    def test_a_wrong_yes_that_made_the_emergency_is_shown(self) -> None:
        miss = misses({**NECK_HEADACHE, "thunderclap": True})["thunderclap", "physical_therapy"]
        assert (miss.now, miss.value, miss.loses) == (True, False, ("SN04",))

    def test_as_json(self) -> None:
        one = misses({"regions": ["neck"]})["regions", "staff_triage"].to_json()
        assert one["now"] == ["neck"]
        assert one["value"] == []


@law
@given(some_answers)
def test_every_near_miss_holds_when_tried(answers: dict[str, Any]) -> None:
    now = evaluate(PROTOCOL, answers)
    for miss in near_misses(PROTOCOL, answers):
        other = evaluate(PROTOCOL, {**answers, miss.variable: miss.value})
        assert (other.route, other.priority) == (miss.route, miss.priority)
        assert miss.route != now.route or miss.priority < now.priority
        before = {one["id"] for one in (*now.red_flags, *now.rules)}
        after = {one["id"] for one in (*other.red_flags, *other.rules)}
        assert set(miss.gains) == after - before
        assert set(miss.loses) == before - after


@law
@given(some_answers, st.data())
def test_no_near_miss_is_overlooked(answers: dict[str, Any], data: st.DataObject) -> None:
    """Any single other answer that changes the route is of a class that was tried."""
    name = data.draw(
        st.sampled_from(
            [one for one in sorted(ANSWERS) if PROTOCOL.variables[one].type not in {"list", "set"}]
        )
    )
    value = data.draw(ANSWERS[name])
    now, other = evaluate(PROTOCOL, answers), evaluate(PROTOCOL, {**answers, name: value})
    if now.route != other.route:
        reached = {(one.variable, one.route, one.priority) for one in near_misses(PROTOCOL, answers)}
        assert (name, other.route, other.priority) in reached


@law
@given(some_answers, st.data())
def test_values_of_one_class_are_indistinguishable(answers: dict[str, Any], data: st.DataObject) -> None:
    numbers = answer_classes(PROTOCOL).numbers
    name = data.draw(st.sampled_from(sorted(numbers)))
    one = data.draw(st.sampled_from(numbers[name]))
    first, last = (evaluate(PROTOCOL, {**answers, name: value}) for value in (one.lowest, one.highest))
    assert first.summary() == last.summary()


def test_classes_have_the_thresholds_as_ends() -> None:
    weeks = answer_classes(PROTOCOL).numbers["age_years"]
    assert [(one.lowest, one.highest) for one in weeks] == [(0, 17), (18, 49), (50, 64), (65, 69), (70, 120)]
    days = [one.lowest for one in answer_classes(PROTOCOL).numbers["med_days_non_opioid"]]
    assert days == [0, 15]


class TestQuestions:
    def test_the_skipped_bladder_question_matters_alone(self) -> None:
        questions = {
            one.variable: one for one in unknowns_that_matter(PROTOCOL, typed({"regions": ["low_back"]}))
        }
        assert questions["bladder_bowel_change"].alone is True
        assert questions["bladder_bowel_change"].could_lead_to[0] == ("emergency", "P0")
        assert "RF_CES" in questions["bladder_bowel_change"].for_items

    def test_two_answers_that_matter_only_together(self) -> None:
        questions = {
            one.variable: one for one in unknowns_that_matter(PROTOCOL, typed({"regions": ["low_back"]}))
        }
        assert questions["vision_blur_halo"].alone is False
        assert questions["vision_blur_halo"].for_items == ("SN12",)
        assert "vision_blur_halo" not in {
            one.variable for one in unknowns_that_matter(PROTOCOL, typed({"eye_pain_red": False}))
        }

    def test_most_urgent_first_and_nothing_after_an_emergency(self) -> None:
        first = unknowns_that_matter(PROTOCOL, typed({"regions": ["low_back"]}))[0]
        assert first.could_lead_to[0] == ("emergency", "P0")
        assert first.to_json()["could_lead_to"][0] == {"route": "emergency", "priority": "P0"}
        assert unknowns_that_matter(PROTOCOL, typed({"thunderclap": True})) == ()


@law
@given(some_answers, st.data())
def test_what_is_not_asked_changes_nothing(answers: dict[str, Any], data: st.DataObject) -> None:
    asked = {one.variable for one in unknowns_that_matter(PROTOCOL, answers)}
    quiet = [
        name
        for name in sorted(ANSWERS)
        if name not in answers
        and name not in asked
        and PROTOCOL.variables[name].type != "list"
        and PROTOCOL.fill(answers)[PROTOCOL.values[name]] is None
    ]
    if not quiet:
        return
    name = data.draw(st.sampled_from(quiet))
    before = evaluate(PROTOCOL, answers)
    after = evaluate(PROTOCOL, {**answers, name: data.draw(ANSWERS[name])})
    assert (after.route, after.priority) == (before.route, before.priority)
