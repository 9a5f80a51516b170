"""Conditions of a document, compiled to a network of clauses.

Each distinct clause takes one slot after the slots it reads, so one pass in slot order evaluates all of
them, and after one changed answer only the slots downstream of it have to be computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kernel.evidence import truth
from kernel.evidence.errors import Problem
from kernel.evidence.operators import OPERATORS, Slots, Test, leaf_test, value_fault
from kernel.evidence.variables import Variable

GROUP_KEYS: Final = ("all", "any", "not", "n_of", "ref", "dx_any", "variable")
#: Keys a clause may carry beside its logic; they explain it and never change its result.
REMARKS: Final = frozenset({"id", "status", "note", "name", "source", "filled_by"})
_LOGIC: Final[Mapping[str, frozenset[str]]] = {
    "all": frozenset({"all"}),
    "any": frozenset({"any"}),
    "not": frozenset({"not"}),
    "n_of": frozenset({"n_of", "of"}),
    "ref": frozenset({"ref"}),
    "dx_any": frozenset({"dx_any"}),
    "variable": frozenset({"variable", "operator", "value"}),
}
#: Slot given back for a refused clause; never evaluated, since the document is refused whole.
REFUSED: Final = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """One slot of the network and how to say it. ``kind`` is a key of the grammar or an inner step."""

    kind: str
    children: tuple[int, ...]
    test: Test
    says: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Network:
    """Variables and clauses while a document is compiled, and the problems found on the way.

    ``refs`` resolves a ``ref`` name and ``diagnosis`` a diagnosis id to a slot, compiling on demand;
    a name met again while it is being compiled is a cycle.
    """

    variables: Mapping[str, Variable]
    problems: list[Problem] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    bounded: set[str] = field(default_factory=set)
    derivations: dict[str, Callable[[], int]] = field(default_factory=dict)
    named: dict[str, Callable[[], int]] = field(default_factory=dict)
    diagnoses: dict[str, Callable[[], int]] = field(default_factory=dict)
    _known: dict[Any, int] = field(default_factory=dict)
    _resolved: dict[str, int] = field(default_factory=dict)
    _resolving: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.variables:
            slot = self.add(Clause("answer", (), _no_test, {"variable": name}))
            self.inputs[name] = slot
            self.values[name] = slot

    def refuse(self, path: str, code: str, message: str) -> int:
        self.problems.append(Problem(path, code, message))
        return REFUSED

    def add(self, clause: Clause, key: Any = None) -> int:
        """The slot of ``clause``; clauses with the same ``key`` share one."""
        if key is not None and key in self._known:
            return self._known[key]
        slot = len(self.clauses)
        self.clauses.append(clause)
        if key is not None:
            self._known[key] = slot
        return slot

    def value_of(self, name: str, path: str) -> int:
        """The slot holding the value of a variable, derived where the document says so."""
        if name in self.derivations:
            return self.resolve("variable " + name, self.derivations[name], path)
        return self.values[name]

    def resolve(self, name: str, compile_it: Callable[[], int], path: str) -> int:
        if name in self._resolved:
            return self._resolved[name]
        if name in self._resolving:
            cycle = " -> ".join([*self._resolving[self._resolving.index(name) :], name])
            return self.refuse(path, "cycle", f"refers to itself: {cycle}")
        self._resolving.append(name)
        slot = compile_it()
        self._resolving.pop()
        self._resolved[name] = slot
        return slot

    def condition(self, document: object, path: str) -> int:
        """The slot of a condition in the document's grammar; refusals are collected, never raised."""
        if not isinstance(document, Mapping):
            return self.refuse(path, "wrong_type", "a condition is an object")
        kinds = [key for key in GROUP_KEYS if key in document]
        if len(kinds) != 1:
            return self.refuse(path, "not_a_condition", f"exactly one of {', '.join(GROUP_KEYS)} is needed")
        kind = kinds[0]
        stray = set(document) - _LOGIC[kind] - REMARKS
        if stray:
            return self.refuse(path, "unknown_key", f"not part of a clause: {', '.join(sorted(stray))}")
        remarks = {key: document[key] for key in ("id", "status") if key in document}
        if kind == "variable":
            return self._leaf(document, path, remarks)
        if kind == "ref":
            return self._ref(document["ref"], path, remarks)
        if kind == "dx_any":
            return self._dx_any(document["dx_any"], path, remarks)
        return self._group(kind, document, path, remarks)

    def _leaf(self, document: Mapping[str, Any], path: str, remarks: Mapping[str, Any]) -> int:
        name, operator, value = document["variable"], document.get("operator"), document.get("value")
        if not isinstance(name, str) or name not in self.variables:
            return self.refuse(path, "unknown_variable", f"no variable {name!r}")
        if not isinstance(operator, str) or operator not in OPERATORS:
            return self.refuse(path, "unknown_operator", f"no operator {operator!r}")
        fault = value_fault(self.variables[name], operator, value)
        if fault is not None:
            return self.refuse(path, "wrong_value", fault)
        slot = self.value_of(name, path)
        test = leaf_test(slot, operator, value, bounded=name in self.bounded)
        says = {"variable": name, "operator": operator, "value": value}
        key = ("leaf", name, operator, _frozen(value), _frozen(remarks))
        return self.add(Clause("leaf", (slot,), test, says, remarks), key)

    def _group(self, kind: str, document: Mapping[str, Any], path: str, remarks: Mapping[str, Any]) -> int:
        if kind == "not":
            child = self.condition(document["not"], f"{path}.not")
            clause = Clause("not", (child,), lambda s: truth.TRUE - s[child], {}, remarks)
            return self.add(clause, ("not", child, _frozen(remarks)))
        key = "of" if kind == "n_of" else kind
        parts = document.get(key)
        if not isinstance(parts, list) or not parts:
            return self.refuse(f"{path}.{key}", "wrong_type", "a list of at least one condition is needed")
        children = tuple(self.condition(part, f"{path}.{key}[{i}]") for i, part in enumerate(parts))
        needed = 0
        if kind == "n_of":
            needed = document["n_of"]
            whole = isinstance(needed, int) and not isinstance(needed, bool)
            if not whole or not 1 <= needed <= len(parts):
                return self.refuse(
                    f"{path}.n_of", "wrong_value", "a whole number from 1 to the number of parts"
                )
        clause = Clause(
            kind, children, _group_test(kind, needed, children), {"n_of": needed} if needed else {}, remarks
        )
        return self.add(clause, (kind, needed, children, _frozen(remarks)))

    def _ref(self, target: object, path: str, remarks: Mapping[str, Any]) -> int:
        if not isinstance(target, str) or target not in self.named:
            return self.refuse(path, "unknown_ref", f"nothing is called {target!r}")
        slot = self.resolve(target, self.named[target], path)
        clause = Clause("ref", (slot,), lambda s: s[slot], {"ref": target}, remarks)
        return self.add(clause, ("ref", target, _frozen(remarks)))

    def _dx_any(self, ids: object, path: str, remarks: Mapping[str, Any]) -> int:
        if not isinstance(ids, list) or not ids:
            return self.refuse(path, "wrong_type", "dx_any needs a list of diagnosis ids")
        unknown = [one for one in ids if not isinstance(one, str) or one not in self.diagnoses]
        if unknown:
            return self.refuse(path, "unknown_diagnosis", f"no diagnosis {unknown[0]!r}")
        children = tuple(self.diagnosis(one, path) for one in ids)
        clause = Clause("dx_any", children, _group_test("any", 0, children), {"dx_any": tuple(ids)}, remarks)
        return self.add(clause, ("dx_any", tuple(ids), _frozen(remarks)))

    def diagnosis(self, name: str, path: str) -> int:
        return self.resolve("diagnosis " + name, self.diagnoses[name], path)


def _group_test(kind: str, needed: int, children: tuple[int, ...]) -> Test:
    if len(children) == 1:
        only = children[0]
        return lambda s: s[only]
    if kind == "n_of":
        return lambda s: truth.n_of(needed, [s[c] for c in children])
    if len(children) == 2:
        first, second = children
        if kind == "all":
            return lambda s: a if (a := s[first]) < (b := s[second]) else b
        return lambda s: a if (a := s[first]) > (b := s[second]) else b
    if kind == "all":
        return lambda s: min([s[c] for c in children])
    return lambda s: max([s[c] for c in children])


def _no_test(slots: Slots) -> Any:
    return None


def _frozen(value: object) -> Any:
    """``value`` as a dictionary key. ``True`` and ``1`` stay apart."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(one) for one in value)
    if isinstance(value, Mapping):
        return tuple(sorted((key, _frozen(one)) for key, one in value.items()))
    return (value.__class__.__name__, value)
