"""`python -m chaos.page`: write docs/chaos.md from the results kept in chaos/results and the marks on the tests.

A fault of the catalogue stands for by a test marked `@pytest.mark.fault("F30")`, by steps of the nemesis that say so
themselves, or by neither, which the page says too.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS
from chaos.invariants import INVARIANTS

ROOT = Path(__file__).parent.parent
ROWS = ROOT / "docs" / "fault_rows.txt"
PAGE = ROOT / "docs" / "chaos.md"
RESULTS = ROOT / "chaos" / "results"
ROW = re.compile(r"(F[0-9]{1,2}) (.+)\Z")
# What is not one step of the nemesis but the whole run.
BY_THE_RUN = {
    "F42": "visits are moved while their messages go out",
    "F43": "visits are cancelled while their messages go out",
    "F39": "patients say STOP while their messages go out",
    "F49": "the clinic is closed for a day and started again (`--days`)",
    "F67": "`make chaos`",
}
INTRODUCTION = """# Faults, and what a run of them left behind

Written by `make docs-chaos` from `chaos/results/` and the marks on the tests; do not edit.

`make chaos` starts a whole clinic of its own (its own folder, ports, PostgreSQL and Redis), lets clients submit, book,
move, cancel and reply, tells notify of many visits more by signed events, and breaks things by a seed:

```
make chaos ARGS="--seed 7 --submissions 2000 --messages 10000 --minutes 30"
```

Every request, acknowledgement and strike is written to `history.jsonl` before the next thing happens. When the last
fault is mended and nothing is owed any more, the checker (`chaos/invariants/`) reads that history, the three databases
and the carrier's and mail server's own logs, and holds INV-1 to INV-14 against them. A violation prints the failing
seed and keeps history and logs. `tests/failures/` runs one short seed, and plants a lie for each invariant in a copy of
that run's evidence, which the checker must name.

The same seed gives the same faults in the same order; when each strikes a busy process is up to the machine.

Some faults need root or a Debian package (`iptables` for black holes, `faketime` for a wrong clock, `strace` for a
disk that reports errors, a mountable tmpfs for a full disk). What cannot be done is printed as `!! SKIPPED` with the
reason."""


REACHED = """\
Against reliability.md §5: the good figure of G1 (2,000 + 10,000, nothing lost) is reached by seed 1, with 37,983
messages planned: 0 lost, 0 sent twice, 0 after an opt-out, 0 in quiet hours, 0 for void visits. Its best figure
(10,000 + 50,000 with 300 worker kills, 30 of PostgreSQL and 30 of Redis, by 20 seeds) is not reached. The nearest are
two seeds with as many messages as it asks for and more, and fewer submissions: seed 11 acknowledged 9,224 and planned
152,862 messages under 992 faults, with 257 workers, 168 relays, 34 PostgreSQL and 54 Redis servers killed; seed 12
acknowledged 7,921 and planned 150,308 under 383 faults, with 154 workers, 141 relays, 15 PostgreSQL and 21 Redis
servers killed, after which all 14 invariants held. Both: 0 lost, 0 sent twice, 0 after an opt-out, 0 in quiet hours,
0 for void visits; the note of seed 11 says what the checker named. G2: texts in doubt 0 of 21,192 (seed 11) and 19 of
19,892 (seed 12, 0.096 %); of letters 77 of 4,432 (seed 1), 372 of 21,450 (seed 11) and 424 of 19,815 (seed 12): mail
servers keep no list to ask, so staff have them. G3: none lost. G4, G5 and G6: the row of recoveries.""".splitlines()


def page() -> str:
    """Return the page's text; raises ValueError for a mark or a step that names no row."""
    rows = read_rows()
    tests: dict[str, list[str]] = {}
    for row, test in marked_tests(ROOT / "tests"):
        tests.setdefault(row, []).append(f"`{test}`")
    steps: dict[str, list[str]] = {row: [text] for row, text in BY_THE_RUN.items()}
    for fault in FAULTS:
        for row in fault.covers:
            steps.setdefault(row, []).append(f"`{fault.name}`")
    unknown = sorted((set(tests) | set(steps)) - set(rows))
    if unknown:
        raise ValueError(f"{ROWS.name} has no row {', '.join(unknown)}")
    stands = set(tests) | set(steps)
    lines = [
        INTRODUCTION,
        "",
        "## Runs",
        "",
        *_runs(),
        "",
        *REACHED,
        "",
        "## The catalogue",
        "",
    ]
    lines.append(f"{len(stands)} of {len(rows)} faults have a test or a step of the nemesis.")
    lines += ["", "| Fault | What happens | Test | Nemesis |", "|---|---|---|---|"]
    for row, says in rows.items():
        test, step = "<br>".join(tests.get(row, ["–"])), "<br>".join(steps.get(row, ["–"]))
        lines.append(f"| {row} | {says} | {test if row in stands else 'not yet'} | {step} |")
    return "\n".join(lines) + "\n"


def read_rows(path: Path = ROWS) -> dict[str, str]:
    """What happens in each fault, by its row."""
    found = (ROW.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {match[1]: match[2] for match in found if match}


def marked_tests(tests: Path) -> Iterator[tuple[str, str]]:
    """Yield (row, test id) for each mark, in the order of files and lines; nothing is imported to find them."""
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(tests.parent).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for mark in node.decorator_list:
                    is_ours = isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute)
                    if is_ours and mark.func.attr == "fault":  # type: ignore[attr-defined]
                        for row in mark.args:  # type: ignore[attr-defined]
                            if isinstance(row, ast.Constant):
                                yield str(row.value), f"{name}::{node.name}"


def _runs() -> list[str]:
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("kept-*.json"))]
    if not results:
        return ["None kept yet."]
    lines: list[str] = []
    head = ["", *(f"seed {result['seed']}, {result['day']}" for result in results)]
    lines += [_line(head), _line(["---"] * len(head))]
    wanted = (
        "asked for",
        "traffic of at most, minutes",
        "minutes",
        "submissions acknowledged",
        "visits booked",
        "messages planned",
        "texts accepted",
        "texts posted",
        "letters accepted",
        "opt-outs",
        "versions void",
        "in doubt for staff",
        "strikes by kind",
        "killed",
        "recovered (median, worst, seconds)",
        "ready after",
        "at rest after",
        "skipped",
        "note",
    )
    lines += [_line([name, *(_cell(result.get(name)) for result in results)]) for name in wanted]
    lines += [
        _line([f"violations of {name}", *(_cell(result["violations"][name]) for result in results)])
        for name in INVARIANTS
    ]
    return lines


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "<br>".join(f"{name} {_plain(one)}" for name, one in value.items()) or "none"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(_plain(one) for one in value)
    return "–" if value is None else str(value)


def main() -> int:
    """Write the page; returns the exit code."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
