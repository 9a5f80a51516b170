"""Laws of the evaluator, on answers drawn around every threshold of the shipped protocol."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_document
from kernel.evidence import compile_protocol, evaluate, fired_flags
from kernel.evidence.truth import FALSE, TRUE, UNKNOWN, all_but_one, n_of
from tests.kernel.evidence.answering import ANSWERS, PROTOCOL, some_answers

law = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
values = st.lists(st.sampled_from([FALSE, UNKNOWN, TRUE]), min_size=1, max_size=6)

#: Clauses that read the result of the ranking: what is present can be displaced by what is learned.
_BY_DEFAULT = {"dx_any", "probable", "any_definite", "definite"}


def settled_slots() -> list[int]:
    """Slots whose result rests on answers alone, not on which diagnosis displaced which."""
    free: list[int] = []
    resting: set[int] = set()
    for slot, clause in enumerate(PROTOCOL.clauses):
        if clause.kind in _BY_DEFAULT or any(child in resting for child in clause.children):
            resting.add(slot)
        elif clause.kind not in {"answer", "derived"}:
            free.append(slot)
    return free


SETTLED = settled_slots()


@given(values, st.integers(1, 6))
def test_n_of_agrees_with_every_completion(results: list[int], needed: int) -> None:
    low = [TRUE if one == TRUE else FALSE for one in results]
    high = [FALSE if one == FALSE else TRUE for one in results]
    ends = {sum(one == TRUE for one in end) >= needed for end in (low, high)}
    expected = UNKNOWN if len(ends) == 2 else TRUE if ends == {True} else FALSE
    assert n_of(needed, results) == expected


@given(values)
def test_all_but_one_agrees_with_every_completion(results: list[int]) -> None:
    failed, open_ = results.count(FALSE), results.count(UNKNOWN)
    reachable = {failed + more == 1 for more in range(open_ + 1)}
    if len(reachable) == 1:
        assert all_but_one(results) == (TRUE if reachable == {True} else FALSE)
    else:
        assert all_but_one(results) == UNKNOWN


@law
@given(some_answers, st.data())
def test_learning_an_unknown_never_flips_a_settled_clause(
    answers: dict[str, Any], data: st.DataObject
) -> None:
    before = PROTOCOL.fill(answers)
    open_names = [
        name
        for name in ANSWERS
        if name not in answers
        and (PROTOCOL.values[name] < len(PROTOCOL.inputs) or before[PROTOCOL.values[name]] is None)
    ]
    if not open_names:
        return
    name = data.draw(st.sampled_from(open_names))
    learned = {**answers, name: data.draw(ANSWERS[name])}
    after = PROTOCOL.fill(learned)
    for slot in SETTLED:
        if before[slot] != UNKNOWN:
            assert after[slot] == before[slot], PROTOCOL.clauses[slot]
    fired = {flag.id for flag in fired_flags(PROTOCOL, answers)}
    assert fired <= {flag.id for flag in fired_flags(PROTOCOL, learned)}


@law
@given(some_answers)
def test_any_typed_answers_give_a_whole_decision(answers: dict[str, Any]) -> None:
    decision = evaluate(PROTOCOL, answers)
    assert decision.route in PROTOCOL.routing.order
    assert decision.priority in PROTOCOL.routing.priorities
    assert decision.route not in decision.secondary
    assert json.loads(json.dumps(decision.to_json()))["route"] == decision.route
    assert [one["id"] for one in decision.red_flags] == [flag.id for flag in fired_flags(PROTOCOL, answers)]
    assert evaluate(PROTOCOL, answers).to_json() == decision.to_json()


@law
@given(some_answers)
def test_an_emergency_flag_always_decides(answers: dict[str, Any]) -> None:
    decision = evaluate(PROTOCOL, answers)
    actions = {one["action"] for one in decision.red_flags}
    assert (decision.route == "emergency") == ("E" in actions) == (decision.priority == "P0")
    if "S" in actions and "E" not in actions:
        assert (decision.route, decision.priority) == ("same_day_clinician", "P1")


@law
@given(some_answers)
def test_an_unknown_names_only_unanswered_variables(answers: dict[str, Any]) -> None:
    for entry in evaluate(PROTOCOL, answers).unknown:
        assert entry["variables"]
        assert not set(entry["variables"]) & set(answers)


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same document with flags, rules, diagnoses, variables and the parts of every group in another order."""
    chance = random.Random(seed)
    turned = copy.deepcopy(document)
    for listed in (turned["variables"], turned["red_flags"], turned["diagnoses"], turned["derived"]):
        chance.shuffle(listed)
    for key in ("rules", "modifiers"):
        chance.shuffle(turned["routes"][key])
    pending: list[Any] = [turned["red_flags"], turned["diagnoses"], turned["routes"]["rules"]]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            for key in ("all", "any", "of", "dx_any"):
                if key in part:
                    chance.shuffle(part[key])
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
    return turned


TURNED = [compile_protocol(shuffled(shipped_document(), seed)) for seed in (1, 2)]


@law
@given(some_answers)
def test_the_order_of_rules_changes_nothing(answers: dict[str, Any]) -> None:
    decision = evaluate(PROTOCOL, answers)
    for turned in TURNED:
        other = evaluate(turned, answers)
        assert (other.route, other.priority, other.secondary) == (
            decision.route,
            decision.priority,
            decision.secondary,
        )
        assert other.insufficient_data == decision.insufficient_data
        for name in ("diagnoses", "red_flags", "rules", "unknown"):
            ours = {str(one["id"]) for one in getattr(decision, name)}
            assert {str(one["id"]) for one in getattr(other, name)} == ours
