"""Agreement with a file of labels: sensitivity, specificity and kappa per class, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kernel.evidence import Decision, Protocol
from kernel.evidence.agreement import Agreement, agreement, cohen_kappa
from local.labels_file import SINGLE, labelled, read_labels


def agreement_report(protocol: Protocol, decisions: Sequence[Decision | None], labels: Path) -> str:
    """A plain-text table. Cells with several values separate them (`local.labels_file.labelled`); an empty cell
    of ``diagnoses`` or ``red_flags`` means none, an empty ``route`` or ``priority`` is not compared.
    """
    file = read_labels(labels, len(decisions))
    known = _classes(protocol)
    rows = [
        (line, {column: labelled(row[column], column, known[column]) for column in file.columns})
        for line, row in file.rows
    ]
    lines = [f"protocol {protocol.id} version {protocol.version}; {len(rows)} labelled cases"]
    missing = sum(1 for line, _ in rows if decisions[line - 1] is None)
    if missing:
        lines.append(f"{missing} of them were refused as input and count as giving no class at all")
    if len(rows) < len(decisions):
        lines.append(
            f"{len(decisions) - len(rows)} of the {len(decisions)} cases have no label and were left out"
        )
    if file.left_out:
        lines.append(f"columns not read: {', '.join(file.left_out[:10])}")
    strange = _strange(known, rows)
    if strange:
        lines.append(f"no class of this protocol, so never met: {', '.join(strange)}; check the spelling")
    lines.append("")
    for column in file.columns:
        single = column in SINGLE
        pairs = [
            (row[column], _found(decisions[line - 1], column))
            for line, row in rows
            if row[column] or not single
        ]
        lines += _table(column, pairs, single)
    return "\n".join(lines) + "\n"


def _classes(protocol: Protocol) -> dict[str, set[str]]:
    """Every class the protocol can give, by column."""
    return {
        "route": set(protocol.routing.order),
        "priority": set(protocol.routing.priorities),
        "diagnoses": {entry.id for entry in protocol.entries},
        "red_flags": {flag.id for flag in protocol.flags},
    }


def _strange(known: dict[str, set[str]], rows: list[tuple[int, dict[str, frozenset[str]]]]) -> list[str]:
    """Labels that name no class the protocol can give: they would count against it in silence."""
    named = {
        (column, one[:40])
        for _, row in rows
        for column, ones in row.items()
        for one in ones
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
