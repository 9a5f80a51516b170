"""`make bench`: run every leg (or those named), print one table, write bench/results/latest.json."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.claims import measure_claims
from bench.clinic import BenchClinic, bench_clinic
from bench.decisions import measure as measure_decisions
from bench.due import measure_due
from bench.first_paint import measure_first_paint
from bench.form_render import measure_form_render
from bench.kept import Kept
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
    kept = Kept(RESULTS / "latest.json", given.rows)
    for name in wanted:
        if name in ALONE:
            _say(name)
            kept.keep(name, ALONE[name](given.seconds))
    in_clinic = [name for name in wanted if name in IN_CLINIC]
    if in_clinic:
        _say("starting a clinic")
        with bench_clinic(given.rows) as clinic:
            for name in in_clinic:
                _say(name)
                try:
                    kept.keep(name, IN_CLINIC[name](clinic, given.seconds))
                except Exception as error:  # one leg's trouble must not cost the others' figures
                    _say(f"{name} failed: {type(error).__name__} {error}")
                    kept.failed.append(name)
    print()
    print(as_table(kept.results))
    print(f"\n{kept.path}{'; not run to the end: ' + ', '.join(kept.failed) if kept.failed else ''}")
    return 1 if kept.failed else 0


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
