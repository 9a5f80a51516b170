"""Hypothesis strategies for typed answers to the shipped protocol, thick around its thresholds."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import Protocol, Variable


def thresholds(protocol: Protocol) -> dict[str, set[float]]:
    """Numbers that clauses compare each variable with."""
    found: dict[str, set[float]] = {}
    for clause in protocol.clauses:
        value = clause.says.get("value")
        if clause.kind == "leaf" and isinstance(value, int | float) and not isinstance(value, bool):
            found.setdefault(clause.says["variable"], set()).add(value)
    return found


def one_answer(variable: Variable, near: set[float]) -> st.SearchStrategy[Any]:
    """Values of one variable that pass its check, typed."""
    if variable.type == "bool":
        return st.booleans()
    if variable.type == "enum":
        return st.sampled_from(variable.values)
    if variable.type == "set":
        return st.frozensets(st.sampled_from(variable.values))
    if variable.type == "date":
        return st.dates(date(1930, 1, 1), date(2030, 12, 31))
    if variable.type == "list":
        row = {field.id: one_answer(field, set()) for field in variable.fields if field.required}
        rest = {field.id: one_answer(field, set()) for field in variable.fields if not field.required}
        return st.lists(st.fixed_dictionaries(row, optional=rest), max_size=5).map(tuple)
    low, high = variable.minimum or 0, variable.maximum or 0
    close = sorted({min(max(edge + step, low), high) for edge in near for step in (-1, 0, 1)} | {low, high})
    if variable.type == "int":
        return st.sampled_from([int(one) for one in close]) | st.integers(int(low), int(high))
    return st.sampled_from(close) | st.floats(low, high)


PROTOCOL = shipped_protocol()
NEAR = thresholds(PROTOCOL)
ANSWERS = {name: one_answer(variable, NEAR.get(name, set())) for name, variable in PROTOCOL.variables.items()}

#: Any set of typed answers, from none to all.
some_answers: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=ANSWERS)
