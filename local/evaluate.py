"""``waymark evaluate``: one set of answers a line in, one decision a line out. No database, no running stack.

A line that cannot be read or checked gives ``{"line": n, "errors": [{"field", "code"}]}`` in its place;
the rest go on and the exit status is 1. Line faults have an empty field and one of the codes
``blank_line``, ``not_text``, ``not_json``, ``too_large``, ``wrong_type`` (not an object). Answers are never
repeated in an error. Blank lines at the end of the file are no lines.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import Decision, FieldError, Protocol, evaluate
from local.agreement_report import agreement_report
from local.labels_file import LabelsRefused

LINE_BYTES_MAX: Final = 1_000_000


class _LineFault(ValueError):
    """A line that is no JSON object; ``args[0]`` is the code."""


def run(path: str, against: str | None = None, out: IO[str] | None = None) -> int:
    """Evaluate the cases of ``path`` (``-`` reads standard input) with the shipped protocol.

    Writes decisions to ``out`` (standard output when None), or with ``against`` a report of agreement
    with that file of labels. Returns the exit status: 0, 1 when a line was refused, 2 when a file
    cannot be read.
    """
    target = out if out is not None else sys.stdout
    protocol = shipped_protocol()
    refused = False
    decisions: list[Decision | None] = []
    try:
        with _opened(path) as source:
            for number, line in _lines(source):
                decision, errors = decide_line(protocol, line)
                refused = refused or bool(errors)
                if against is not None:
                    decisions.append(decision)
                    continue
                shown = line_of(decision) if decision is not None else _refusal(number, errors)
                target.write(json.dumps(shown, ensure_ascii=False) + "\n")
        if against is not None:
            target.write(agreement_report(protocol, decisions, Path(against)))
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; what it did not read is no fault of the cases.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if refused else 0
    except OSError as error:
        print(
            f"Cannot read {error.filename or path}: {error.strerror}. Nothing was changed.", file=sys.stderr
        )
        return 2
    except LabelsRefused as error:
        print(f"{against}: {error} Nothing was changed.", file=sys.stderr)
        return 2
    return 1 if refused else 0


def decide_line(protocol: Protocol, line: bytes) -> tuple[Decision | None, list[FieldError]]:
    """The decision for one line of JSON, or the errors of the line."""
    try:
        answers = _object(line)
    except _LineFault as fault:
        return None, [FieldError("", str(fault))]
    typed, errors = protocol.check_answers(answers)
    return (None, errors) if errors else (evaluate(protocol, typed), [])


def line_of(decision: Decision) -> dict[str, Any]:
    """The short form of a decision that the command prints."""
    return {
        "route": decision.route,
        "priority": decision.priority,
        "secondary": list(decision.secondary),
        "diagnoses": [{"id": one["id"], "certainty": one["certainty"]} for one in decision.diagnoses],
        "red_flags": [{"id": one["id"], "action": one["action"]} for one in decision.red_flags],
        "rules": [one["id"] for one in decision.rules],
        "unknown": [one["id"] for one in decision.unknown],
        "insufficient_data": decision.insufficient_data,
        "modifiers": [one["add"] for one in decision.modifiers],
        "blocks": list(decision.blocks),
        "protocol_version": decision.protocol_version,
    }


def _refusal(number: int, errors: list[FieldError]) -> dict[str, Any]:
    return {"line": number, "errors": [{"field": one.field, "code": one.code} for one in errors]}


def _opened(path: str) -> IO[bytes]:
    return open(0, "rb", closefd=False) if path == "-" else Path(path).open("rb")


def _lines(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers. Blank lines are held back until something follows them."""
    held: list[tuple[int, bytes]] = []
    for number, line in enumerate(source, 1):
        if not line.strip():
            held.append((number, b""))
            continue
        yield from held
        held.clear()
        yield number, line


def _object(line: bytes) -> Mapping[str, Any]:
    if not line:
        raise _LineFault("blank_line")
    if len(line) > LINE_BYTES_MAX:
        raise _LineFault("too_large")
    try:
        value = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise _LineFault("not_text") from None
    except (ValueError, RecursionError):
        raise _LineFault("not_json") from None
    if not isinstance(value, dict):
        raise _LineFault("wrong_type")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(text)
