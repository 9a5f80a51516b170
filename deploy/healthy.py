"""A container's health: exit code 0 when this part does its work, 1 with one sentence when not.

The web part is asked over HTTP; worker and relay are judged by what they leave in the database, because a process
that is alive may do nothing.
"""

import os
import sys
import urllib.request
from pathlib import Path

import psycopg

STALE_SECONDS = 60
SIGNS = {
    "worker": "SELECT extract(epoch FROM now() - max(stamped_at))::float8 FROM worker_canary",
    "relay": "SELECT extract(epoch FROM now() - max(started_at))::float8 FROM schedule_run",
}


def main(part: str) -> int:
    """Judge `part` (web, worker or relay); returns the exit code."""
    try:
        said = _web() if part == "web" else _sign(SIGNS[part])
    except (OSError, psycopg.Error) as error:
        said = f"cannot be asked: {type(error).__name__}"
    if said:
        print(f"{part}: {said}")
    return 1 if said else 0


def _web() -> str:
    with urllib.request.urlopen("http://127.0.0.1:8000/ready", timeout=4) as answer:
        return "" if answer.status == 200 else f"answers {answer.status}"


def _sign(query: str) -> str:
    name = f"{os.environ['SERVICE'].upper()}_DATABASE_URL_FILE"
    address = Path(os.environ[name]).read_text(encoding="utf-8").strip()
    with psycopg.connect(address, connect_timeout=4) as connection:
        row = connection.execute(query).fetchone()
    age = row[0] if row else None
    if age is None:
        return "has left no sign yet"
    return "" if age < STALE_SECONDS else f"left its last sign {age:.0f} s ago"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
