"""What the protocol needs of a patient is asked: a variable nobody asks would stay unknown for ever."""

import pytest

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import evaluate
from services.intake.queries.rulebook import make_rulebook
from services.intake.questionnaires import shipped_questionnaire
from services.intake.rules.answer_variables import to_variables
from services.intake.rules.form import walk
from services.intake.rules.not_asked import not_asked
from services.intake.rules.read_questionnaire import read_questionnaire

#: Worked out from other answers by the protocol's own derivations.
DERIVED = {
    "med_days_ergotamine",
    "med_days_triptan",
    "med_days_non_opioid",
    "med_days_opioid",
    "med_days_combination",
    "med_days_other_acute",
    "med_classes_count",
    "med_months",
    "med_butalbital",
}


@pytest.mark.capability("C3")
def test_every_variable_a_red_flag_reads_is_asked() -> None:
    form = read_questionnaire(shipped_questionnaire())
    rulebook = make_rulebook(0, shipped_protocol())
    staff = {v.id for v in rulebook.protocol.variables.values() if v.filled_by}
    assert rulebook.protected - set(form.variables()) - staff - DERIVED == set()


def test_every_variable_of_the_protocol_is_asked_or_known_not_to_be() -> None:
    form = read_questionnaire(shipped_questionnaire())
    protocol = shipped_protocol()
    staff = {v.id for v in protocol.variables.values() if v.filled_by}
    assert set(protocol.variables) - set(form.variables()) - staff - DERIVED == {"midas_total"}


def test_every_text_is_in_both_languages() -> None:
    form = read_questionnaire(shipped_questionnaire())
    assert form.not_honoured == ()
    for page in form.pages:
        for item in walk(page):
            assert set(item.text) == {"en", "es"}, item.link_id
            assert not item.help or set(item.help) == {"en", "es"}
            for option in item.options:
                assert set(option.text) == {"en", "es"}


@pytest.mark.capability("C2")
@pytest.mark.parametrize(
    ("hours", "attacks", "status_migrainosus"),
    [(96, 4, True), (96, 1, False), (96, None, False), (72, 4, False)],
)
def test_an_attack_over_three_days_asks_for_earlier_migraine(
    hours: int, attacks: int | None, status_migrainosus: bool
) -> None:
    """Without aura nothing else tells it: attacks like this one are too long to be counted as migraine."""
    form = read_questionnaire(shipped_questionnaire())
    rulebook = make_rulebook(0, shipped_protocol())
    items = {
        "birth_date": "1990-01-01",
        "regions": ["head"],
        "hx_attacks_lifetime": 5,
        "hx_duration_min": {"value": hours, "unit": "h"},
        "hx_severity": "severe",
        "migraine_attacks_lifetime": attacks,
    }
    answers = to_variables(form, items, rulebook.units, rulebook.protected)
    assert ("migraine_attacks_lifetime" in answers) == (hours > 72 and attacks is not None)
    typed, errors = rulebook.protocol.check_answers({**answers, "age_years": 36})
    assert errors == []
    decision = evaluate(rulebook.protocol, typed)
    assert ("ICHD_1_4_1" in {one["id"] for one in decision.diagnoses}) == status_migrainosus
    assert (decision.route, decision.priority) == (
        ("medication_review", "P1") if status_migrainosus else ("staff_triage", "P5")
    )


def test_values_offered_are_values_of_the_protocol() -> None:
    form = read_questionnaire(shipped_questionnaire())
    protocol = shipped_protocol()
    for item in form.by_id.values():
        variable = protocol.variables.get(item.variable)
        if variable is not None and variable.values and item.options:
            assert {option.code for option in item.options} <= set(variable.values), item.link_id


def test_what_other_answers_made_needless_is_told_from_what_was_left_out() -> None:
    form = read_questionnaire(shipped_questionnaire())
    # Nothing answered makes nothing needless; the mark for words of self-harm is nobody's question.
    assert not_asked(form, {}) == ("self_harm_free_text",)
    uninjured = not_asked(form, {"injury_recent": False})
    assert "head_neck_trauma_days" in uninjured
    assert "phq9_item9" not in uninjured
    unsure = not_asked(form, {"injury_recent": {"not_sure": True}})
    assert "head_neck_trauma_days" not in unsure, "nobody knows whether it should have been asked"
    calm = {"phq9_1": "LA6568-5", "phq9_2": "LA6568-5", "phq2_total": 0}
    assert "phq9_item9" in not_asked(form, calm)
    assert "phq9_item9" not in not_asked(form, {**calm, "phq9_2": None, "phq2_total": None})
