"""`make chaos`: break the clinic by a seed, and say what was lost or sent twice.

make chaos ARGS="--seed 7 --submissions 2000 --messages 10000 --minutes 30"
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from chaos.clinic import Clinic
from chaos.disk import small_disk
from chaos.report import print_outcome, write_outcome
from chaos.run import Plan, chaos_run, clinic_in
from tests.servers import free_port

DISK_MEGABYTES = 4096


def main() -> int:
    """Run the seeds asked for; returns 1 when any run has a finding."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="may be given several times (1)")
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=20.0, help="the longest a run's traffic may take")
    parser.add_argument("--days", type=int, default=1, help="how often the clinic is closed for a day")
    parser.add_argument("--strikes", type=int, default=0, help="go on until so many faults have struck")
    parser.add_argument("--lanes", type=int, default=1, help="faults at the same time")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--book-every", type=int, default=5)
    parser.add_argument("--pause", type=float, default=3.0, help="longest wait between two faults, seconds")
    parser.add_argument(
        "--disk", type=int, default=DISK_MEGABYTES, help="the clinic's disk, megabytes of memory"
    )
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="keep history and logs of a good run too")
    given = parser.parse_args()
    failed = []
    for seed in given.seed or [1]:
        plan = Plan(
            seed=seed,
            submissions=given.submissions,
            messages=given.messages,
            minutes=given.minutes,
            days=given.days,
            least_strikes=given.strikes,
            lanes=given.lanes,
            clients=given.clients,
            book_every=given.book_every,
            pause=(min(0.5, given.pause), given.pause),
        )
        with small_disk(given.disk) as folder:
            clinic = clinic_in(folder, given.port or free_port(), seed)
            with chaos_run(plan, clinic) as outcome:
                print_outcome(outcome)
                write_outcome(outcome)
            if outcome.findings:
                failed.append(seed)
            if outcome.findings or given.keep:
                print(f"history and logs of seed {seed}: {keep_records(clinic)}")
    if failed:
        print(f"Violations with seed {', '.join(map(str, failed))}.")
    return 1 if failed else 0


def keep_records(clinic: Clinic) -> Path:
    """Copy history and logs out of the run's folder, which goes; returns where they are."""
    kept = Path(tempfile.mkdtemp(prefix="wm-chaos-kept-"))
    for source in (clinic.records / "history.jsonl", clinic.places.logs, clinic.places.var / "carrier.jsonl"):
        with suppress(OSError):
            (shutil.copytree if source.is_dir() else shutil.copy)(source, kept / source.name)
    for source in clinic.records.glob("up-*.log"):
        shutil.copy(source, kept)
    return kept


if __name__ == "__main__":
    sys.exit(main())
