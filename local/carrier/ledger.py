"""Everything that happened at the carrier: an append-only file of events, and the messages they amount to.

The file outlives the process: a restarted carrier reads it back, so a look-up after a crash tells the truth.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from local.append_whole import append_whole

Direction = Literal["outbound-api", "inbound"]
FINAL_STATUSES = frozenset({"delivered", "undelivered", "failed", "received"})
_INDEX_EVERY = 1000


@dataclass(slots=True)
class Message:
    """One text message; times are Unix seconds. `to` and `sender` are E.164 or short codes."""

    sid: str
    direction: Direction
    to: str
    sender: str
    body: str
    status: str
    created_at: float
    updated_at: float
    sent_at: float | None = None
    error_code: int | None = None
    status_callback: str | None = None

    @property
    def phone(self) -> str:
        """The patient's side of the conversation."""
        return self.to if self.direction == "outbound-api" else self.sender


class Ledger:
    """The event file and the messages in memory."""

    def __init__(self, path: Path) -> None:
        self.messages: dict[str, Message] = {}
        self.by_phone: defaultdict[str, list[str]] = defaultdict(list)
        self.last_number = 0
        self._path = path
        self._offsets: list[int] = []
        self._opted_out: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._size = self._read_back() if path.exists() else 0
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "ab", buffering=0)
        if self._size and self._path.stat().st_size > self._size:
            os.truncate(
                path, self._size
            )  # a half-written last line: the crash came before anyone was answered

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def record(self, event: str, at: float, /, **fields: Any) -> int:
        """Append one event and apply it; returns its number. `at` is Unix seconds."""
        row = {
            "n": self.last_number + 1,
            "at": datetime.fromtimestamp(at, UTC).isoformat(),
            "event": event,
            **fields,
        }
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        append_whole(self._file, line, self._size)
        self.last_number += 1
        if self.last_number % _INDEX_EVERY == 1:
            self._offsets.append(self._size)
        self._size += len(line)
        self._apply(event, at, fields)
        return self.last_number

    def events(self, *, since: int = 0, limit: int = 1000, **wanted: str) -> list[dict[str, Any]]:
        """Events after number `since`, oldest first, whose fields equal `wanted`, at most `limit`."""
        found: list[dict[str, Any]] = []
        for row in self._rows_from(since + 1):
            if all(str(row.get(name)) == value for name, value in wanted.items()):
                found.append(row)
                if len(found) >= limit:
                    break
        return found

    def opted_out(self, phone: str) -> bool:
        """Whether this phone's last carrier keyword was STOP."""
        return phone in self._opted_out

    def conversation(self, phone: str) -> list[Message]:
        """The messages to and from `phone`, oldest first."""
        return [self.messages[sid] for sid in self.by_phone.get(phone, ())]

    def phones(self) -> list[tuple[str, Message]]:
        """Every phone with its last message, the most recent first."""
        last = [(phone, self.messages[sids[-1]]) for phone, sids in self.by_phone.items()]
        return sorted(last, key=lambda pair: pair[1].created_at, reverse=True)

    def unfinished(self) -> list[Message]:
        """Messages accepted but not yet at an end: their life goes on after a restart."""
        return [m for m in self.messages.values() if m.status not in FINAL_STATUSES]

    def _apply(self, event: str, at: float, fields: dict[str, Any]) -> None:
        if event == "message":
            message = Message(created_at=at, updated_at=at, **fields)
            self.messages[message.sid] = message
            self.by_phone[message.phone].append(message.sid)
            if message.direction == "inbound":
                word = message.body.strip().upper()
                if word in CARRIER_STOP_WORDS:
                    self._opted_out.add(message.sender)
                elif word in CARRIER_START_WORDS:
                    self._opted_out.discard(message.sender)
        elif event == "status":
            message = self.messages[fields["sid"]]
            message.status, message.updated_at = fields["status"], at
            message.error_code = fields.get("error_code")
            if message.sent_at is None and fields["status"] != "queued":
                message.sent_at = at

    def _read_back(self) -> int:
        """Apply the file's events; returns the length of its whole lines in bytes."""
        size = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                self.last_number = row.pop("n")
                if self.last_number % _INDEX_EVERY == 1:
                    self._offsets.append(size)
                size += len(line)
                at = datetime.fromisoformat(row.pop("at")).timestamp()
                self._apply(row.pop("event"), at, row)
        return size

    def _rows_from(self, number: int) -> Iterator[dict[str, Any]]:
        block = (max(number, 1) - 1) // _INDEX_EVERY
        if block >= len(self._offsets):
            return
        with self._path.open("rb") as lines:
            lines.seek(self._offsets[block])
            for line in lines:
                row = json.loads(line)
                if row["n"] >= number:
                    yield row


# What the network itself acts on, when CARRIER_BLOCK_OPTED_OUT=1: whole-message words only.
CARRIER_STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
CARRIER_START_WORDS = frozenset({"START", "UNSTOP", "YES"})
