"""How often a process of the clinic died by SIGKILL: struck by the nemesis, a failpoint or the watchdog."""

import re
from collections import Counter
from pathlib import Path

SUPERVISED = re.compile(r"^\S+\s+(?P<name>[a-z-]+) ended \(killed by SIGKILL\)", re.MULTILINE)
# Celery's and gunicorn's own words for a child that was shot; each is started again by its parent.
WORKER_CHILD = "Task handler raised error: WorkerLostError('Worker exited prematurely: signal 9"
WEB_CHILD = "was sent SIGKILL"


def count_deaths(supervisor_logs: list[Path], logs: Path) -> dict[str, int]:
    """Deaths by kind of process ("worker", "web", "relay", "postgres", "redis" …).

    A child that was idle when it died leaves no line of Celery's, so the count is a lower bound.
    """
    found: Counter[str] = Counter()
    for path in supervisor_logs:
        for death in SUPERVISED.finditer(path.read_text(encoding="utf-8", errors="replace")):
            found[death["name"].rpartition("-")[2]] += 1
    for path in logs.glob("*.log"):
        kind, words = ("worker", WORKER_CHILD) if "-worker" in path.name else ("web", WEB_CHILD)
        with path.open(encoding="utf-8", errors="replace") as lines:
            found[kind] += sum(words in line for line in lines)
    return dict(sorted((kind, count) for kind, count in found.items() if count))
