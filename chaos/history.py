"""What a run did and was promised, one JSON object a line, written before the next thing happens."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class History:
    """An append-only file of events; safe to write from many threads. Times are the machine's clock (Unix seconds)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counted: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, kind: str, **facts: Any) -> None:
        """Append one event. What is noted as acknowledged was answered with success by the clinic before this."""
        line = json.dumps({"at": time.time(), "kind": kind, **facts}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self.counted[kind] += 1

    def close(self) -> None:
        self._file.close()

    def events(self, *kinds: str) -> list[Event]:
        """The events of these kinds (of all when none is named), oldest first."""
        return [event for event in read(self.path) if not kinds or event["kind"] in kinds]


def read(path: Path) -> Iterator[Event]:
    """Yield the whole lines of a history; a last line cut short by a kill is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
