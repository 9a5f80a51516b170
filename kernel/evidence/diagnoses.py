"""Diagnoses by criteria: definite, probable (all but one) and suspected, then the ranking between them.

A definite entry is the conjunction of its criteria. A probable entry needs exactly one criterion false,
none unknown, and no definite entry at all; among probables an earlier rank displaces a later one. Only
entries that *are* in the result displace others: what is merely unknown displaces nothing, and is
reported as unknown so that somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence import truth
from kernel.evidence.clauses import Clause, Network
from kernel.evidence.operators import Slots

DEFINITE, PROBABLE, SUSPECTED = "definite", "probable", "suspected"


@dataclass(frozen=True, slots=True)
class Entry:
    """One id that can stand in the result, with the slot of its presence."""

    id: str
    certainty: str
    parent: str
    slot: int
    subtypes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis of the document: the slots of its criteria by id, and what it can put in the result."""

    id: str
    name: str
    criteria: Mapping[str, int]
    definite: int
    probable: int | None
    suspected: int | None
    document: Mapping[str, Any]


class DiagnosisCompiler:
    """Registers criteria and result entries in the network, compiled when first read."""

    def __init__(self, network: Network, documents: list[Any], ranking: Mapping[str, Any]) -> None:
        self.network = network
        self.documents = {d["id"]: d for d in documents}
        self.display: list[str] = self._texts(ranking.get("display_order", []), "ranking.display_order")
        ranks = ranking.get("probable_order", [])
        if not isinstance(ranks, list):
            network.refuse("ranking.probable_order", "wrong_type", "a list of lists is needed")
            ranks = []
        self.ranks = [self._texts(rank, "ranking.probable_order") for rank in ranks]
        self._paths = {d["id"]: f"diagnoses[{i}]" for i, d in enumerate(documents)}
        self._suppressors: dict[str, list[str]] = {}
        for document in documents:
            for loser in document.get("suppresses", []):
                self._suppressors.setdefault(loser, []).append(document["id"])
        for name, document in self.documents.items():
            self._register(name, document)
        listed = {one for rank in self.ranks for one in rank} | set(self.display) | set(self._suppressors)
        for one in sorted(listed - set(network.diagnoses)):
            network.refuse("ranking", "unknown_diagnosis", f"no diagnosis {one!r}")

    def _texts(self, value: object, path: str) -> list[str]:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
        self.network.refuse(path, "wrong_type", "a list of ids is needed")
        return []

    def _register(self, name: str, document: Mapping[str, Any]) -> None:
        network, path = self.network, self._paths[name]
        for index, criterion in enumerate(document.get("criteria", [])):
            at = f"{path}.criteria[{index}]"
            network.named[f"{name}.{criterion['id']}"] = _later(network.condition, criterion, at)
        for index, subtype in enumerate(document.get("subtypes", [])):
            network.named[f"{name}.{subtype['id']}"] = _later(
                network.condition, subtype["when"], f"{path}.subtypes[{index}].when"
            )
        network.diagnoses[name] = lambda: self._definite(name)
        probable, suspected = document.get("probable"), document.get("suspected")
        if probable:
            network.diagnoses[probable["id"]] = lambda: self._probable(name)
        if suspected:
            network.diagnoses[suspected["id"]] = _later(
                network.condition, suspected["when"], f"{path}.suspected.when"
            )

    def criterion(self, name: str, criterion: str, path: str) -> int:
        key = f"{name}.{criterion}"
        if key not in self.network.named:
            return self.network.refuse(path, "unknown_ref", f"no criterion {criterion!r}")
        return self.network.resolve(key, self.network.named[key], path)

    def _definite(self, name: str) -> int:
        path = f"{self._paths[name]}.definite"
        wanted = self.documents[name].get("definite", [])
        parts = tuple(self.criterion(name, one, path) for one in wanted)
        above = tuple(
            self.network.diagnosis(one, path)
            for one in self._suppressors.get(name, [])
            if one in self.network.diagnoses
        )
        if not parts:
            return self.network.refuse(path, "wrong_value", "at least one criterion is needed")

        def met(s: Slots) -> int:
            if any(s[one] == truth.TRUE for one in above):
                return truth.FALSE
            return int(min([s[part] for part in parts]))

        return self.network.add(Clause(DEFINITE, (*parts, *above), met, {"diagnosis": name, "parts": parts}))

    def _any_definite(self, path: str) -> int:
        """TRUE or FALSE, never unknown: whether a definite entry is in the result as it stands."""
        slots = tuple(self.network.diagnosis(one, path) for one in self.documents)
        clause = Clause(
            "any_definite",
            slots,
            lambda s: truth.TRUE if any(s[one] == truth.TRUE for one in slots) else truth.FALSE,
        )
        return self.network.add(clause, ("any_definite",))

    def _probable(self, name: str) -> int:
        document, path = self.documents[name], f"{self._paths[name]}.probable"
        entry = document["probable"]
        parts = tuple(self.criterion(name, one, path) for one in entry.get("all_but_one_of", []))
        taken = self._any_definite(path)
        higher: list[int] = []
        for rank in self.ranks:
            if entry["id"] in rank:
                break
            higher.extend(self.network.diagnosis(one, path) for one in rank if one in self.network.diagnoses)
        above = tuple(higher)

        def met(s: Slots) -> int:
            if s[taken] == truth.TRUE or any(s[one] == truth.TRUE for one in above):
                return truth.FALSE
            return truth.all_but_one([s[part] for part in parts])

        return self.network.add(
            Clause(PROBABLE, (*parts, taken, *above), met, {"diagnosis": entry["id"], "parts": parts})
        )

    def finish(self) -> tuple[tuple[Diagnosis, ...], tuple[Entry, ...]]:
        """All diagnoses, and their entries in the order they are shown."""
        diagnoses, entries = [], []
        for name, document in self.documents.items():
            path = self._paths[name]
            criteria = {c["id"]: self.criterion(name, c["id"], path) for c in document.get("criteria", [])}
            subtypes = tuple(
                (s["id"], self.criterion(name, s["id"], path)) for s in document.get("subtypes", [])
            )
            subtypes += tuple(self._named_clauses(criteria))
            definite = self.network.diagnosis(name, path)
            entries.append(Entry(name, DEFINITE, name, definite, subtypes))
            others: dict[str, int | None] = {PROBABLE: None, SUSPECTED: None}
            for certainty in others:
                entry = document.get(certainty)
                if entry:
                    others[certainty] = slot = self.network.diagnosis(entry["id"], path)
                    entries.append(Entry(entry["id"], certainty, name, slot))
            diagnoses.append(
                Diagnosis(
                    name, document["name"], criteria, definite, others[PROBABLE], others[SUSPECTED], document
                )
            )
        order = {one: place for place, one in enumerate(self.display)}
        certainties = [DEFINITE, PROBABLE, SUSPECTED]
        entries.sort(key=lambda e: (certainties.index(e.certainty), order.get(e.id, len(order)), e.id))
        return tuple(diagnoses), tuple(entries)

    def _named_clauses(self, criteria: Mapping[str, int]) -> list[tuple[str, int]]:
        """Clauses inside a criterion that carry an id of their own, such as the class that is overused."""
        found: list[tuple[str, int]] = []
        for slot in criteria.values():
            pending = list(self.network.clauses[slot].children)
            while pending:
                child = pending.pop(0)
                clause = self.network.clauses[child]
                if "id" in clause.remarks:
                    found.append((str(clause.remarks["id"]), child))
                if clause.kind in {"all", "any", "not", "n_of"}:
                    pending.extend(clause.children)
        return found


def _later(compile_it: Callable[[object, str], int], document: object, path: str) -> Callable[[], int]:
    return lambda: compile_it(document, path)
