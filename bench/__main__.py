"""`make bench`: run every leg (or those named), print one table, write bench/results/latest.json."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.claims import measure_claims
from bench.clinic import BenchClinic, bench_clinic
from bench.decisions import measure as measure_decisions
from bench.due import measure_due
from bench.first_paint import measure_first_paint
from bench.form_render import measure_form_render
from bench.machine import measure_machine, measure_pages
from bench.messages import measure_mails, measure_messages
from bench.page_saves import measure_page_saves
from bench.replays import measure_replays
from bench.result import Result, as_table
from bench.routing import measure_routing
from bench.scheduling import measure_scheduling
from bench.stored_submissions import measure_stored_submissions
from bench.submissions import measure_submits
from bench.worklist import measure_worklist

RESULTS = Path(__file__).parent / "results"

ALONE: dict[str, Callable[[float], list[Result]]] = {"decisions": measure_decisions}
IN_CLINIC: dict[str, Callable[[BenchClinic, float], list[Result]]] = {
    "machine": measure_machine,
    "pages": lambda clinic, seconds: [*measure_pages(clinic, seconds), *measure_first_paint(clinic, seconds)],
    "routing": measure_routing,
    "submits": measure_submits,
    "page_saves": measure_page_saves,
    "messages": measure_messages,
    "mails": measure_mails,
    "due": measure_due,
    "scheduling": measure_scheduling,
    "replays": measure_replays,
    "claims": measure_claims,
    "worklist": measure_worklist,
    "form_render": measure_form_render,
    "stored_submissions": measure_stored_submissions,
}


def main() -> int:
    """Run the legs; returns 0 when all ran, whatever the figures, and 1 when a leg could not."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("legs", nargs="*", choices=[*ALONE, *IN_CLINIC, []], help="default: all")
    asked.add_argument("--seconds", type=float, default=4.0, help="length of each round")
    asked.add_argument("--rows", type=int, default=1_000_000, help="most rows the filling legs put in")
    given = asked.parse_args()
    wanted = given.legs or [*ALONE, *IN_CLINIC]
    results: list[Result] = []
    failed: list[str] = []
    before = _busy_elsewhere()
    for name in wanted:
        if name in ALONE:
            _say(name)
            results += ALONE[name](given.seconds)
    in_clinic = [name for name in wanted if name in IN_CLINIC]
    if in_clinic:
        _say("starting a clinic")
        with bench_clinic(given.rows) as clinic:
            for name in in_clinic:
                _say(name)
                try:
                    results += IN_CLINIC[name](clinic, given.seconds)
                except Exception as error:  # one leg's trouble must not cost the others' figures
                    _say(f"{name} failed: {type(error).__name__} {error}")
                    failed.append(name)
    print()
    print(as_table(results))
    print(f"\n{_write(results, before, failed)}")
    return 1 if failed else 0


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def _busy_elsewhere() -> float:
    """Per cent of the machine others used in the second before: figures from a busy machine say so."""
    return float(psutil.cpu_percent(interval=1.0))


def _write(results: list[Result], busy_before: float, failed: list[str]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    moment = datetime.now(UTC)
    path = RESULTS / "latest.json"
    told = {
        "at": moment.isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "python": platform.python_version(),
            "busy_before_percent": busy_before,
        },
        "legs_not_run_to_the_end": failed,
        "results": [result.as_json() for result in results],
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    raise SystemExit(main())
