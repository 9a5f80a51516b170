"""Where a deed's processor time goes: `python -m bench.deeds booking submit page_save`, on a busy machine too.

One process, one client, no server but the real PostgreSQL: the service's own WSGI application is called in this
thread, so its processor time is the thread's. PostgreSQL's is its backend's, as the system counts it. Both are medians
of rounds; `--statements` tells each journey to the database apart, `--profile` the Python functions, and `--beside
FOLDER` takes the rounds of another checkout in turns with ours: before and after, under the same other work.
"""

import argparse
import cProfile
import io
import os
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.deed_makers import MAKERS, Deed
from kernel.journey import Traveller
from tests import servers

WARM = 60


def main() -> None:
    """Measure each deed that is named and print one line for it."""
    asked = argparse.ArgumentParser(prog="python -m bench.deeds")
    asked.add_argument("deeds", nargs="*", default=list(MAKERS))
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--each", type=int, default=25)
    asked.add_argument("--statements", action="store_true")
    asked.add_argument("--profile", action="store_true")
    asked.add_argument(
        "--beside", type=Path, help="another checkout, whose rounds are taken in turns with ours"
    )
    asked.add_argument(
        "--on-word", action="store_true", help="a round for each line that comes: for --beside"
    )
    given = asked.parse_args()
    if given.beside:
        for name in given.deeds:
            _beside(name, given)
        return
    with _servers():
        for name in given.deeds:
            count = WARM + given.rounds * given.each + 2 * given.each
            with ExitStack() as held:
                deed = held.enter_context(MAKERS[name](count))
                _measure(name, deed, given)


def _measure(name: str, deed: Deed, given: argparse.Namespace) -> None:
    for _ in range(WARM):
        deed.call()
    backend = _Backend(deed.database_url)
    if given.on_word:
        print("ready", flush=True)
        for _ in range(given.rounds):
            sys.stdin.readline()
            print(*_round(deed, backend, given.each), flush=True)
        return
    calls = _python_calls(deed, given.each)
    rounds = [_round(deed, backend, given.each) for _ in range(given.rounds)]
    ours, theirs = zip(*rounds, strict=True)
    print(f"{name}: {_told(ours, theirs)}; {calls:.0f} Python calls", flush=True)
    if given.statements:
        _statements(deed, backend, given.each)
    if given.profile:
        profile = cProfile.Profile()
        profile.runcall(_times, deed, given.each)
        text = io.StringIO()
        found = pstats.Stats(profile, stream=text)
        found.sort_stats("tottime").print_stats(70).sort_stats("cumtime").print_stats(90)
        print(text.getvalue())


def _round(deed: Deed, backend: "_Backend", each: int) -> tuple[float, float]:
    """Return Python's and PostgreSQL's milliseconds a deed."""
    before, began = backend.seconds(), time.thread_time()
    for _ in range(each):
        deed.call()
    took = time.thread_time() - began
    return took * 1000 / each, (backend.seconds() - before) * 1000 / each


def _told(ours: Sequence[float], theirs: Sequence[float]) -> str:
    return (
        f"Python {statistics.median(ours):.2f} ms (least {min(ours):.2f}),"
        f" PostgreSQL {statistics.median(theirs):.2f} ms (least {min(theirs):.2f})"
    )


def _beside(name: str, given: argparse.Namespace) -> None:
    """Take rounds of the other checkout and of this one in turns: both then meet the same other work."""
    command = [sys.executable, "-m", "bench.deeds", name, "--on-word"]
    command += ["--rounds", str(given.rounds), "--each", str(given.each)]
    sides = [
        subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for folder in (given.beside, Path.cwd())
    ]
    for side in sides:
        _line_of(side)
    rounds: list[list[list[float]]] = [[], []]
    for _ in range(given.rounds):
        for side, own in zip(sides, rounds, strict=True):
            print(file=side.stdin, flush=True)
            own.append([float(one) for one in _line_of(side).split()])
    for side, own, label in zip(sides, rounds, ("beside", "here"), strict=True):
        side.wait(60)
        print(f"{name} {label}: {_told(*zip(*own, strict=True))}", flush=True)


def _line_of(side: "subprocess.Popen[str]") -> str:
    assert side.stdout is not None
    line = side.stdout.readline()
    if not line:
        raise RuntimeError(f"a side ended: {side.wait(60)}")
    return line


def _python_calls(deed: Deed, each: int) -> float:
    profile = cProfile.Profile()
    count = min(each, 20)
    profile.runcall(_times, deed, count)
    return float(pstats.Stats(profile, stream=io.StringIO()).total_calls / count)  # type: ignore[attr-defined]


def _times(deed: Deed, count: int) -> None:
    for _ in range(count):
        deed.call()


class _Backend:
    """The processor time of the only connection a deed's process has to its database."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            ).fetchall()
        self._paths = [Path(f"/proc/{pid}/schedstat") for (pid,) in found]

    def seconds(self) -> float:
        return sum(int(path.read_text().split()[0]) for path in self._paths) / 1e9


def _statements(deed: Deed, backend: _Backend, each: int) -> None:
    """Print each journey of a deed: how often, PostgreSQL's and our own time, and how it begins."""
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with _told_apart(seen, backend):
        for _ in range(each):
            deed.call()
    for statement, times in seen.items():
        theirs, ours = (statistics.median(one) * 1000 for one in zip(*times, strict=True))
        print(f"    {len(times) / each:4.1f} × PostgreSQL {theirs:.3f} ms, Python {ours:.3f} ms: {statement}")


@contextmanager
def _told_apart(seen: dict[str, list[tuple[float, float]]], backend: _Backend) -> Iterator[None]:
    """Time every journey of `Traveller`, of psycopg's cursor and of its commit."""

    def timed(owner: Any, name: str, label: Callable[..., str]) -> Callable[[], None]:
        own = getattr(owner, name)

        def run(self: Any, *values: Any, **options: Any) -> Any:
            before, began = backend.seconds(), time.thread_time()
            try:
                return own(self, *values, **options)
            finally:
                took = time.thread_time() - began
                seen[label(*values, **options)].append((backend.seconds() - before, took))

        setattr(owner, name, run)
        return lambda: setattr(owner, name, own)

    undo = [
        timed(Traveller, "ask", _asked_label),
        timed(psycopg.Cursor, "execute", lambda query, *_values, **_options: _short(query)),
        timed(psycopg.Connection, "commit", lambda: "COMMIT, if there is anything to"),
    ]
    try:
        yield
    finally:
        for one in undo:
            one()


def _asked_label(questions: Sequence[tuple[str, Any]], commit: bool = False) -> str:
    return " | ".join([_short(statement) for statement, _ in questions] + ["COMMIT"] * commit)


def _short(statement: object) -> str:
    return re.sub(r"\s+", " ", str(statement)).strip()[:70]


@contextmanager
def _servers() -> Iterator[None]:
    """The tests' PostgreSQL and Redis, for as long as this lasts: nothing waits for a disk there."""
    os.environ[servers.SESSION_DIR] = tempfile.mkdtemp(prefix="wm-deeds-", dir=servers.folder_in_memory())
    os.environ[servers.SESSION_PID] = str(os.getpid())
    try:
        yield
    finally:
        servers.dismiss_keeper()


if __name__ == "__main__":
    main()
