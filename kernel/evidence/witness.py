"""Answers that make chosen clauses true or false: the witnesses a linter shows.

A search over the classes of answers, narrowed clause by clause. What it finds is checked by evaluation;
what it excludes without ever guessing is impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, combinations
from typing import Any, Final

from kernel.evidence.answer_classes import answer_classes
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import FALSE, TRUE

_Domains = dict[str, tuple[Any, ...]]
_Goals = tuple[tuple[int, int], ...]
#: Sets with more telling members than this are tried with up to two members only.
_ALL_SUBSETS_UP_TO: Final = 7


@dataclass(frozen=True, slots=True)
class Search:
    """``answers`` that reach the goals, or None; then ``impossible`` says whether that was proven."""

    answers: Mapping[str, Any] | None
    impossible: bool


@dataclass
class _Effort:
    left: int
    guessed: bool = False
    tried: int = field(default=0)


def find_answers(protocol: Protocol, goals: Sequence[tuple[int, int]], effort: int = 4000) -> Search:
    """Typed answers under which every (slot, TRUE or FALSE) of ``goals`` holds."""
    work = _Effort(effort)
    for domains in _solve(protocol, tuple(goals), {}, work):
        answers = {name: values[0] for name, values in domains.items()}
        slots = protocol.fill(answers)
        if all(slots[slot] == truth for slot, truth in goals):
            return Search(answers, False)
        work.guessed = True
        work.tried += 1
        if work.tried > 50:
            break
    return Search(None, not work.guessed and work.left > 0)


def _solve(protocol: Protocol, goals: _Goals, domains: _Domains, work: _Effort) -> Iterator[_Domains]:
    work.left -= 1
    if work.left <= 0:
        return
    if not goals:
        yield domains
        return
    (slot, truth), rest = goals[0], goals[1:]
    clause = protocol.clauses[slot]
    if clause.kind == "leaf":
        name, read = clause.says["variable"], clause.children[0]
        known = domains.get(name) or _values(protocol, name)
        kept = tuple(value for value in known if clause.test({read: value}) == truth)  # type: ignore[arg-type]
        if kept:
            yield from _solve(protocol, rest, {**domains, name: kept}, work)
        return
    for branch in _branches(protocol, slot, truth, work):
        yield from _solve(protocol, (*branch, *rest), domains, work)


def _branches(protocol: Protocol, slot: int, truth: int, work: _Effort) -> Iterator[_Goals]:
    """Ways to give a group its truth, each as goals for its parts."""
    clause = protocol.clauses[slot]
    kind, parts = clause.kind, clause.says.get("parts", clause.children)
    if kind in {"ref", "not"}:
        yield ((parts[0], truth if kind == "ref" else TRUE - truth),)
    elif kind == "n_of":
        needed = clause.says["n_of"] if truth == TRUE else len(parts) - clause.says["n_of"] + 1
        for chosen in combinations(parts, needed):
            yield tuple((part, truth) for part in chosen)
    elif kind in {"all", "definite"}:
        work.guessed = work.guessed or kind == "definite"
        yield from _every(parts, TRUE) if truth == TRUE else _some(parts, FALSE)
    elif kind in {"any", "dx_any"}:
        yield from _some(parts, TRUE) if truth == TRUE else _every(parts, FALSE)
    elif kind == "probable":
        work.guessed = True
        if truth == TRUE:
            for failing in parts:
                yield tuple((part, FALSE if part == failing else TRUE) for part in parts)
        else:
            for pair in combinations(parts, 2):
                yield tuple((part, FALSE) for part in pair)
    else:
        work.guessed = True
        yield ()


def _every(parts: Sequence[int], truth: int) -> Iterator[_Goals]:
    yield tuple((part, truth) for part in parts)


def _some(parts: Sequence[int], truth: int) -> Iterator[_Goals]:
    for part in parts:
        yield ((part, truth),)


@lru_cache(maxsize=4096)
def _values(protocol: Protocol, name: str) -> tuple[Any, ...]:
    classes = answer_classes(protocol)
    members = classes.members.get(name)
    if members is None:
        return tuple(classes.tries(name, None))
    most = len(members) if len(members) <= _ALL_SUBSETS_UP_TO else 2
    sizes = (combinations(members, size) for size in range(most + 1))
    return tuple(frozenset(chosen) for chosen in chain.from_iterable(sizes))
