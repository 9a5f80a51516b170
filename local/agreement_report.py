"""Agreement with a file of labels: sensitivity, specificity and kappa per class, with 95 % intervals."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kernel.evidence import Decision, Protocol
from kernel.evidence.agreement import Agreement, agreement, cohen_kappa

#: Columns of the labels file. ``line`` says which line of the cases a row is for; without it rows follow
#: in order.
COLUMNS: Final = ("route", "priority", "diagnoses", "red_flags")


class LabelsRefused(ValueError):
    """The labels file cannot be used; the message says why and what to mend."""


def agreement_report(protocol: Protocol, decisions: Sequence[Decision | None], labels: Path) -> str:
    """A plain-text table. Cells with several values separate them with ``;`` or spaces; an empty cell of
    ``diagnoses`` or ``red_flags`` means none, an empty ``route`` or ``priority`` is not compared.
    """
    rows = _rows(labels, len(decisions))
    lines = [f"protocol {protocol.id} version {protocol.version}; {len(rows)} labelled cases"]
    missing = sum(1 for line, _ in rows if decisions[line - 1] is None)
    if missing:
        lines.append(f"{missing} of them were refused as input and count as giving no class at all")
    if len(rows) < len(decisions):
        lines.append(
            f"{len(decisions) - len(rows)} of the {len(decisions)} cases have no label and were left out"
        )
    strange = _strange(protocol, rows)
    if strange:
        lines.append(f"no class of this protocol, so never met: {', '.join(strange)}; check the spelling")
    lines.append("")
    for column in COLUMNS:
        if not any(column in row for _, row in rows):
            continue
        single = column in {"route", "priority"}
        pairs = []
        for line, row in rows:
            labelled = frozenset((row.get(column) or "").replace(";", " ").split())
            if single and not labelled:
                continue
            decision = decisions[line - 1]
            pairs.append((labelled, _found(decision, column)))
        lines += _table(column, pairs, single)
    return "\n".join(lines) + "\n"


def _strange(protocol: Protocol, rows: list[tuple[int, dict[str, str]]]) -> list[str]:
    """Labels that name no class the protocol can give: they would count against it in silence."""
    known = {
        "route": set(protocol.routing.order),
        "priority": set(protocol.routing.priorities),
        "diagnoses": {entry.id for entry in protocol.entries},
        "red_flags": {flag.id for flag in protocol.flags},
    }
    named = {
        (column, one[:40])
        for _, row in rows
        for column in COLUMNS
        for one in (row.get(column) or "").replace(";", " ").split()
        if one not in known[column]
    }
    return [f"{name} ({column})" for column, name in sorted(named)[:10]]


def _found(decision: Decision | None, column: str) -> frozenset[str]:
    if decision is None:
        return frozenset()
    if column == "route":
        return frozenset([decision.route])
    if column == "priority":
        return frozenset([decision.priority])
    entries = decision.diagnoses if column == "diagnoses" else decision.red_flags
    return frozenset(str(one["id"]) for one in entries)


def _table(column: str, pairs: list[tuple[frozenset[str], frozenset[str]]], single: bool) -> list[str]:
    classes = sorted({one for labelled, found in pairs for one in labelled | found})
    head = f"{column:<20} {'n':>5}  {'sensitivity':<22} {'specificity':<22} {'kappa':<22}"
    lines = [head, "-" * len(head)]
    for name in classes:
        result = agreement([(name in labelled, name in found) for labelled, found in pairs])
        lines.append(_line(name, result))
    if single and pairs:
        kappa = cohen_kappa([(" ".join(a), " ".join(sorted(b))) for a, b in pairs])
        same = sum(1 for labelled, found in pairs if labelled == found)
        lines.append(f"all classes: kappa {_interval(kappa)}; the same in {same} of {len(pairs)}")
    return [*lines, ""]


def _line(name: str, result: Agreement) -> str:
    figures = (result.sensitivity, result.specificity, result.kappa)
    return (
        f"{name:<20} {result.labelled:>5}  " + " ".join(f"{_interval(one):<22}" for one in figures).rstrip()
    )


def _interval(figure: tuple[float, float, float] | None) -> str:
    return "-" if figure is None else f"{figure[0]:.3f} ({figure[1]:.3f}-{figure[2]:.3f})"


def _rows(labels: Path, cases: int) -> list[tuple[int, dict[str, str]]]:
    try:
        with labels.open(encoding="utf-8-sig", newline="") as source:
            listed = list(csv.DictReader(source))
    except (UnicodeDecodeError, csv.Error):
        raise LabelsRefused("The labels are not a CSV file in UTF-8.") from None
    if not listed or not set(COLUMNS) & set(listed[0]):
        raise LabelsRefused(f"The labels need a first line with at least one of: {', '.join(COLUMNS)}.")
    rows: list[tuple[int, dict[str, str]]] = []
    taken: dict[int, int] = {}
    for place, row in enumerate(listed, 1):
        number = row.get("line") or str(place)
        if not number.isdecimal() or len(number) > 9 or not 1 <= int(number) <= cases:
            raise LabelsRefused(f"Row {place} is for line {number[:20]}, and the cases have {cases} lines.")
        # DictReader keeps what stands beyond the header under None.
        if None in row:
            raise LabelsRefused(f"Row {place} has more cells than the first line names.")
        if int(number) in taken:
            raise LabelsRefused(f"Rows {taken[int(number)]} and {place} are both for line {number}.")
        taken[int(number)] = place
        rows.append((int(number), row))
    return rows
