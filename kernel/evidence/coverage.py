"""Which clauses a set of cases exercised as true, as false and as unknown.

``python -m kernel.evidence.coverage`` prints the figure for the shipped protocol and its golden cases and
exits with 1 below 100 %.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import NAMES

#: Clauses of the document and the presence of diagnoses; inner steps are left out.
COUNTED: Final = frozenset(
    {"leaf", "all", "any", "not", "n_of", "ref", "dx_any", "definite", "probable", "suspected"}
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Pairs of clause and truth value; ``missing`` says which were never seen, in words."""

    total: int
    seen: int
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.seen / self.total if self.total else 1.0


def coverage(protocol: Protocol, answers: Iterable[Mapping[str, Any]]) -> Coverage:
    """Coverage by sets of typed answers."""
    counted = [slot for slot, clause in enumerate(protocol.clauses) if clause.kind in COUNTED]
    seen: set[tuple[int, int]] = set()
    for one in answers:
        slots = protocol.fill(one)
        seen.update((slot, slots[slot]) for slot in counted)
    missing = [
        f"{formula(protocol, slot)} is never {NAMES[truth]}"
        for slot in counted
        for truth in range(3)
        if (slot, truth) not in seen
    ]
    return Coverage(3 * len(counted), len(seen), tuple(missing))


def formula(protocol: Protocol, slot: int) -> str:
    """A clause in one line."""
    clause = protocol.clauses[slot]
    says, parts = clause.says, clause.children
    if clause.kind == "leaf":
        return f"{says['variable']} {says['operator']} {says['value']}"
    if clause.kind == "ref":
        return str(says["ref"])
    if clause.kind == "dx_any":
        return f"one of {', '.join(says['dx_any'])}"
    if "diagnosis" in says:
        return f"{says['diagnosis']} {clause.kind}"
    inner = "; ".join(formula(protocol, part) for part in parts)
    return f"{says.get('n_of', '')}{' of ' if 'n_of' in says else clause.kind} ({inner})"


def main() -> int:
    """Print the coverage of the shipped protocol by its golden cases."""
    from kernel.contracts.protocol import golden_cases, shipped_protocol

    protocol = shipped_protocol()
    cases = golden_cases()
    typed = [protocol.check_answers(case.answers)[0] for case in cases]
    found = coverage(protocol, typed)
    for line in found.missing:
        sys.stdout.write(line + "\n")
    sys.stdout.write(
        f"{len(cases)} golden cases exercise {found.seen} of {found.total} clause results "
        f"({100 * found.share:.1f} %)\n"
    )
    return 0 if not found.missing else 1


if __name__ == "__main__":
    sys.exit(main())
