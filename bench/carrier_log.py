"""What the carrier's own log says of the texts it took: the judge of "delivered" and "on time"."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """One POST the carrier accepted: our attempt's id, the number, and when its first byte came (Unix seconds)."""

    attempt: str
    to: str
    at: float


def log_size(path: Path) -> int:
    """Return the log's length, from which `taken_since` reads on."""
    return path.stat().st_size if path.exists() else 0


def taken_since(path: Path, size: int) -> list[Taken]:
    """Return the texts accepted after the first `size` bytes of the log were written."""
    posts: dict[int, dict[str, str]] = {}
    accepted: list[int] = []
    with path.open("rb") as lines:
        lines.seek(size)
        for line in lines:
            event = json.loads(line)
            if event["event"] == "post":
                posts[event["n"]] = event
            elif event["event"] == "answer" and event["outcome"] == "accepted":
                accepted.append(event["post"])
    return [
        Taken(
            str(posts[number]["status_callback"]).rpartition("?a=")[2],
            posts[number]["to"],
            datetime.fromisoformat(posts[number]["at"]).timestamp(),
        )
        for number in accepted
        if number in posts
    ]
