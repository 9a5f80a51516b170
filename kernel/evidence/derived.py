"""Derived variables: a given answer always wins, else the document's rule, else unknown.

Kinds, all declared as data: ``copy_when`` takes another variable while a condition holds; ``list_sum``,
``list_union``, ``list_max`` and ``list_count`` read the rows of a list by the groups the list declares;
``years_between`` and ``business_days_between`` count between two days (`kernel.evidence.derived_days`).
A list that was answered is complete: a group without rows counts zero. A row without its number leaves
bounds, and two groups used on unknown days leave bounds for their union.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kernel.evidence import truth
from kernel.evidence.bounds import Bounds, narrowed
from kernel.evidence.clauses import Clause, Network
from kernel.evidence.derived_days import DAY_KINDS, day_counter
from kernel.evidence.operators import Slots
from kernel.evidence.variables import NUMBERS, Grouping

LIST_KINDS: Final = frozenset({"list_sum", "list_union", "list_max", "list_count"})
_Rows = tuple[Mapping[str, Any], ...]


def declare_derived(network: Network, documents: list[Any]) -> None:
    """Register every derived variable; its rule is compiled when a clause first reads it."""
    for index, document in enumerate(documents):
        path = f"derived[{index}]"
        if not isinstance(document, Mapping):
            network.refuse(path, "wrong_type", "a derived variable is an object")
            continue
        name, kind = document.get("id"), document.get("kind")
        if not isinstance(name, str) or name not in network.variables:
            network.refuse(path, "unknown_variable", f"no variable {name!r}")
        elif name in network.derivations:
            network.refuse(path, "duplicate_id", f"{name} is derived twice")
        elif kind == "copy_when":
            network.derivations[name] = _copier(network, name, document, path)
        elif isinstance(kind, str) and kind in DAY_KINDS:
            network.derivations[name] = day_counter(network, name, document, path)
        elif isinstance(kind, str) and kind in LIST_KINDS:
            network.derivations[name] = _list_reader(network, name, document, path)
            network.bounded.add(name)
        else:
            network.refuse(path, "unknown_kind", f"no derivation {kind!r}")


def _copier(network: Network, name: str, document: Mapping[str, Any], path: str) -> Callable[[], int]:
    def compile_it() -> int:
        source = document.get("from")
        if not isinstance(source, str) or source not in network.variables:
            return network.refuse(f"{path}.from", "unknown_variable", f"no variable {source!r}")
        if network.variables[source].type != network.variables[name].type:
            return network.refuse(f"{path}.from", "wrong_type", f"{source} and {name} differ in type")
        given = network.inputs[name]
        origin = network.value_of(source, path)
        when = network.condition(document.get("when"), f"{path}.when")

        def value(s: Slots) -> Any:
            answer = s[given]
            if answer is not None:
                return answer
            return s[origin] if s[when] == truth.TRUE else None

        return network.add(Clause("derived", (given, origin, when), value, {"variable": name}))

    return compile_it


def _list_reader(network: Network, name: str, document: Mapping[str, Any], path: str) -> Callable[[], int]:
    def compile_it() -> int:
        source, column = document.get("list"), document.get("field")
        variable = network.variables.get(source) if isinstance(source, str) else None
        if variable is None or variable.type != "list":
            return network.refuse(f"{path}.list", "unknown_variable", f"no list {source!r}")
        numbers = {one.id for one in variable.fields if one.type in NUMBERS}
        grouping = variable.groupings.get(str(document.get("grouping")))
        if not isinstance(column, str) or column not in numbers or grouping is None:
            return network.refuse(path, "wrong_value", "needs a number field and a grouping of the list")
        if network.variables[name].type not in NUMBERS:
            return network.refuse(f"{path}.id", "wrong_type", f"{name} is no number")
        groups = document.get("groups", list(grouping.groups))
        if not isinstance(groups, list) or not groups or any(one not in grouping.groups for one in groups):
            return network.refuse(f"{path}.groups", "not_in_values", "not groups of the list's grouping")
        cap = document.get("at_most")
        if not isinstance(cap, int | float) or isinstance(cap, bool):
            return network.refuse(f"{path}.at_most", "wrong_type", "a number is needed")
        given, rows_slot = network.inputs[name], network.inputs[variable.id]
        read = _READERS[document["kind"]]
        wanted = frozenset(groups)

        def value(s: Slots) -> Any:
            answer = s[given]
            if answer is not None:
                return answer
            rows = s[rows_slot]
            return None if rows is None else read(_by_group(rows, grouping, wanted, column), float(cap))

        return network.add(Clause("derived", (given, rows_slot), value, {"variable": name}))

    return compile_it


def _by_group(
    rows: _Rows, grouping: Grouping, wanted: frozenset[str], column: str
) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {}
    for row in rows:
        group = grouping.group_of.get(row.get(grouping.field, ""))
        if group in wanted and group is not None:
            found.setdefault(group, []).append(row.get(column))
    return found


def _summed(numbers: list[float | None], cap: float) -> tuple[float, float]:
    known = sum(number for number in numbers if number is not None)
    return min(known, cap), cap if None in numbers else min(known, cap)


def _sum(groups: dict[str, list[float | None]], cap: float) -> Any:
    numbers = [number for group in groups.values() for number in group]
    return narrowed(*_summed(numbers, cap))


def _union(groups: dict[str, list[float | None]], cap: float) -> Any:
    ends = [_summed(numbers, cap) for numbers in groups.values()]
    if not ends:
        return 0.0
    return narrowed(max(low for low, _ in ends), min(sum(high for _, high in ends), cap))


def _max(groups: dict[str, list[float | None]], cap: float) -> Any:
    numbers = [number for group in groups.values() for number in group]
    known = [number for number in numbers if number is not None]
    if not numbers or (not known and None in numbers):
        return None
    return narrowed(max(known), cap) if None in numbers else max(known)


def _count(groups: dict[str, list[float | None]], cap: float) -> Any:
    used = sum(1 for numbers in groups.values() if any(number for number in numbers if number is not None))
    maybe = sum(1 for numbers in groups.values() if None in numbers and not any(numbers))
    return narrowed(min(used, cap), min(used + maybe, cap))


_READERS: Final[Mapping[str, Callable[[dict[str, list[float | None]], float], Any]]] = {
    "list_sum": _sum,
    "list_union": _union,
    "list_max": _max,
    "list_count": _count,
}

__all__ = ["LIST_KINDS", "Bounds", "declare_derived"]
