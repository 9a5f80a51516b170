"""The whole network as straight-line functions, made once a protocol: a decision without a loop over its clauses.

Every clause becomes one statement over local variables, in the order the network can be computed. Only the numbers of
slots are written into the source; ids, thresholds, texts and tests of the document reach it as named constants, so
nothing of a document is ever executed. `kernel.evidence.clauses` stays what a clause means: for the same answers the
functions here give the same slots as its tests do (tests/kernel/evidence/test_straight_line.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kernel.evidence import truth
from kernel.evidence.bounds import Bounds
from kernel.evidence.clauses import Clause
from kernel.evidence.diagnoses import DEFINITE, PROBABLE
from kernel.evidence.explain import NodeBuilder, shown
from kernel.evidence.operators import ORDERINGS, Slots

_COMPARED: Final = {"eq": "==", "ne": "!=", "ge": ">=", "gt": ">", "le": "<=", "lt": "<", "in": "in"}
#: A longer chain of `+` or `|` nests too deep for Python's own compiler; it becomes a call.
MOST_WRITTEN_OUT: Final = 60
_GROUPS: Final = frozenset({"all", "any", "n_of", "not", "ref", "dx_any"})


class StraightLine:
    """Source lines and constants of a network while a function is written.

    Local variables by slot: ``s`` value or truth, ``n`` node of the evidence, ``m`` bits of the open variables.
    """

    def __init__(self, clauses: tuple[Clause, ...], inputs: Mapping[str, int]) -> None:
        self.clauses = clauses
        self.inputs = inputs
        self.constants: dict[str, Any] = {
            "NAMES": truth.NAMES,
            "Bounds": Bounds,
            "abo": truth.all_but_one,
            "n_of": truth.n_of,
            "joined": _joined,
        }

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = value
        return name

    def answers(self) -> list[str]:
        """Read every answer from the mapping ``a``."""
        lines = ["g = a.get"]
        for name, slot in self.inputs.items():
            lines.append(f"s{slot} = g({self.constant(f'I{slot}', name)})")
        return lines

    def truth_of(self, slot: int) -> list[str]:
        """Compute one slot."""
        clause = self.clauses[slot]
        kind, children = clause.kind, clause.children
        given = [f"s{child}" for child in children]
        if kind == "leaf":
            return [f"s{slot} = {self._leaf(slot, clause)}"]
        if kind == "not":
            return [f"s{slot} = 2 - {given[0]}"]
        if kind == "n_of" and len(given) > MOST_WRITTEN_OUT:
            return [f"s{slot} = n_of({int(clause.says['n_of'])}, ({', '.join(given)},))"]
        if kind == "n_of":
            held = " + ".join(f"({one} == 2)" for one in given)
            maybe = " + ".join(f"({one} != 0)" for one in given)
            needed = int(clause.says["n_of"])
            return [
                f"s{slot} = 2 if ({held}) >= {needed} else 1 if ({maybe}) >= {needed} else 0",
            ]
        if kind in _GROUPS:
            return [f"s{slot} = {_least(given) if kind == 'all' else _most(given)}"]
        if kind == DEFINITE:
            parts = [f"s{part}" for part in clause.says["parts"]]
            above = given[len(parts) :]
            return [f"s{slot} = {_unless_true(above)}{_least(parts)}"]
        if kind == PROBABLE:
            parts = [f"s{part}" for part in clause.says["parts"]]
            return [f"s{slot} = {_unless_true(given[len(parts) :])}abo(({', '.join(parts)},))"]
        if kind == "any_definite":
            return [f"s{slot} = 2 if {' or '.join(f'{one} == 2' for one in given)} else 0"]
        # Anything else answers for itself; a derived value only when it was not given.
        test = self.constant(f"T{slot}", clause.test)
        reading = ", ".join(f"{child}: s{child}" for child in children)
        if kind == "derived":
            return [f"s{slot} = {given[0]} if {given[0]} is not None else {test}({{{reading}}})"]
        return [f"s{slot} = {test}({{{reading}}})"]

    def _leaf(self, slot: int, clause: Clause) -> str:
        read = f"s{clause.children[0]}"
        operator, value = clause.says["operator"], clause.says["value"]
        if self.clauses[clause.children[0]].kind == "derived":
            # It may hold bounds; the clause's own test knows how to compare those.
            test = self.constant(f"T{slot}", clause.test)
            plain = ""
            if operator in ORDERINGS | {"eq", "ne"}:
                wanted = self.constant(f"C{slot}", value)
                plain = f"(2 if {read} {_COMPARED[operator]} {wanted} else 0) if {read}.__class__ is not Bounds else "
            return f"1 if {read} is None else {plain}{test}({{{clause.children[0]}: {read}}})"
        if operator in {"in", "contains_any"}:
            value = frozenset(value)
        wanted = self.constant(f"C{slot}", value)
        if operator == "contains":
            holds = f"{wanted} in {read}"
        elif operator == "count_ge":
            holds = f"len({read}) >= {wanted}"
        elif operator == "contains_any":
            return f"1 if {read} is None else 0 if {wanted}.isdisjoint({read}) else 2"
        else:
            holds = f"{read} {_COMPARED[operator]} {wanted}"
        return f"1 if {read} is None else 2 if {holds} else 0"

    def mask_of(self, slot: int, own: int) -> str:
        """The bits of the variables that keep a slot open; ``own`` are those of an answer."""
        clause = self.clauses[slot]
        if clause.kind == "answer":
            return f"m{slot} = 0 if s{slot} is not None else {self.constant(f'B{slot}', own)}"
        if clause.kind == "any_definite":
            return f"m{slot} = 0"
        masks = [f"m{child}" for child in dict.fromkeys(clause.children)]
        joined = " | ".join(masks) if len(masks) <= MOST_WRITTEN_OUT else f"joined(({', '.join(masks)},))"
        if clause.kind == "derived":
            return f"m{slot} = {joined} if s{slot} is None or s{slot}.__class__ is Bounds else 0"
        return f"m{slot} = {joined} if s{slot} == 1 else 0"

    def node_of(self, slot: int, reads: int, blank: Any, build: NodeBuilder) -> list[str]:
        """The node of the evidence; one where nothing was answered is the same for every decision."""
        clause = self.clauses[slot]
        kind, children = clause.kind, clause.children
        if blank is None:
            return [f"n{slot} = None"]
        empty = self.constant(f"E{slot}", blank)
        if kind == "leaf":
            kept: dict[Any, Any] = {None: blank}
            made, keep = self.constant(f"L{slot}", _leaf_maker(clause, kept)), self.constant(f"K{slot}", kept)
            read = f"s{children[0]}"
            return [
                f"n{slot} = {keep}.get({read})",
                f"if n{slot} is None: n{slot} = {made}({read}, s{slot}, {keep})",
            ]
        if kind == "dx_any":
            states: dict[Any, Any] = {}
            made = self.constant(f"L{slot}", _dx_maker(slot, clause, build, states))
            keep = self.constant(f"K{slot}", states)
            key = f"({', '.join(f's{child}' for child in children)},)"
            return [f"n{slot} = {keep}.get({key})", f"if n{slot} is None: n{slot} = {made}({key})"]
        remarks = "".join(
            f", {self.constant(f'Y{slot}_{place}', name)}: {self.constant(f'Z{slot}_{place}', value)}"
            for place, (name, value) in enumerate(clause.remarks.items())
        )
        parts = f"[{', '.join(f'n{child}' for child in children)}]"
        if kind == "n_of":
            body = f'"n_of": {int(clause.says["n_of"])}, "of": {parts}'
        elif kind == "not":
            body = f'"not": n{children[0]}'
        elif kind == "ref":
            body = f'"ref": {self.constant(f"F{slot}", clause.says["ref"])}, "is": n{children[0]}'
        else:
            body = f'"{kind}": {parts}'
        mask = self.constant(f"R{slot}", reads)
        return [f'n{slot} = {{{body}, "result": NAMES[s{slot}]{remarks}}} if k & {mask} else {empty}']

    def made(self, name: str, parameters: str, lines: list[str]) -> Callable[..., Any]:
        """The function of these lines."""
        source = f"def {name}({parameters}):\n" + "".join(f"    {line}\n" for line in lines)
        scope: dict[str, Any] = dict(self.constants)
        # The source holds slot numbers and names of constants only, never a text of the document.
        exec(compile(source, f"<{name}>", "exec"), scope)  # noqa: S102
        function: Callable[..., Any] = scope[name]
        return function


def _joined(masks: tuple[int, ...]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _least(given: list[str]) -> str:
    if len(given) == 1:
        return given[0]
    if len(given) == 2:
        return f"({given[0]} if {given[0]} < {given[1]} else {given[1]})"
    return f"min({', '.join(given)})"


def _most(given: list[str]) -> str:
    if len(given) == 1:
        return given[0]
    if len(given) == 2:
        return f"({given[0]} if {given[0]} > {given[1]} else {given[1]})"
    return f"max({', '.join(given)})"


def _unless_true(given: list[str]) -> str:
    return f"0 if {' or '.join(f'{one} == 2' for one in given)} else " if given else ""


_LEAVES_KEPT: Final = 200


def _leaf_maker(clause: Clause, kept: dict[Any, Any]) -> Callable[[Any, int, dict[Any, Any]], Any]:
    says, remarks, blank = clause.says, dict(clause.remarks), kept[None]

    def make(answer: Any, result: int, keep: dict[Any, Any]) -> Any:
        node = {
            "variable": says["variable"],
            "operator": says["operator"],
            "value": says["value"],
            "answer": shown(answer),
            "result": truth.NAMES[result],
            **remarks,
        }
        if len(keep) > _LEAVES_KEPT:
            keep.clear()
            keep[None] = blank
        keep[answer] = node
        return node

    return make


def _dx_maker(
    slot: int, clause: Clause, build: NodeBuilder, states: dict[Any, Any]
) -> Callable[[tuple[int, ...]], Any]:
    def make(key: tuple[int, ...]) -> Any:
        seen: Any = dict(zip(clause.children, key, strict=True))
        seen[slot] = max(key)
        node = states[key] = build(seen, [])
        return node

    return make


def slots_only(
    clauses: tuple[Clause, ...], inputs: Mapping[str, int]
) -> Callable[[Mapping[str, Any]], Slots]:
    """A function from typed answers to all slots."""
    line = StraightLine(clauses, inputs)
    lines = line.answers()
    for slot in range(len(inputs), len(clauses)):
        lines += line.truth_of(slot)
    lines.append(f"return [{', '.join(f's{slot}' for slot in range(len(clauses)))}]")
    return line.made("slots_of", "a", lines)


def trial(line: StraightLine, answer: int, below: list[int], telling: frozenset[int]) -> Callable[..., Any]:
    """A function of (value, slots): what the slots of ``telling`` would be if ``answer`` held ``value``.

    ``below`` are the slots to compute for it, in order. It gives a list of (slot, before, after) for those that differ,
    and changes nothing.
    """
    computed = {answer, *below}
    outside = dict.fromkeys(
        child for slot in below for child in line.clauses[slot].children if child not in computed
    )
    lines = [f"s{slot} = s[{slot}]" for slot in outside]
    lines.append(f"s{answer} = v")
    for slot in below:
        lines += line.truth_of(slot)
    lines.append("d = []")
    for slot in below:
        if slot in telling:
            lines.append(f"if s{slot} != s[{slot}]: d.append(({slot}, s[{slot}], s{slot}))")
    lines.append("return d")
    return line.made(f"try_{answer}", "v, s", lines)
