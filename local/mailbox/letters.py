"""The e-mails taken in: an append-only file, and each one read into text, HTML and attachments."""

import base64
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, cast

from local.append_whole import append_whole

_HEAD = BytesParser(policy=policy.default)
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with an e-mail; `name` is safe to offer as a download name."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the inbox. `at` is Unix seconds; `offset` is where its row starts in the file."""

    number: int
    at: float
    mail_from: str
    to: tuple[str, ...]
    subject: str
    offset: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, read."""

    summary: Summary
    raw: bytes
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]

    def as_json(self) -> dict[str, Any]:
        """What the mailbox's JSON shows of it."""
        return {
            "id": self.summary.number,
            "at": datetime.fromtimestamp(self.summary.at, UTC).isoformat(),
            "mail_from": self.summary.mail_from,
            "to": list(self.summary.to),
            "subject": self.summary.subject,
            "headers": dict(self.headers),
            "text": self.text,
            "html": self.html,
            "attachments": [
                {"name": a.name, "type": a.kind, "size": len(a.content)} for a in self.attachments
            ],
        }


class Letters:
    """The stored e-mails; the file outlives the process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "mail.jsonl"
        self.summaries: list[Summary] = []
        self._size = self._read_back() if self._path.exists() else 0
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "ab", buffering=0)
        if self._path.stat().st_size > self._size:
            os.truncate(self._path, self._size)  # a half-written last row was never acknowledged

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def keep(self, at: float, mail_from: str, to: list[str], raw: bytes) -> Summary:
        """Store one e-mail; on file when this returns."""
        row = {
            "id": len(self.summaries) + 1,
            "at": at,
            "mail_from": mail_from,
            "to": to,
            "subject": _subject(raw),
            "raw": base64.b64encode(raw).decode(),
        }
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        append_whole(self._file, line, self._size)
        summary = _summary(row, self._size)
        self._size += len(line)
        self.summaries.append(summary)
        return summary

    def read(self, number: int) -> Letter | None:
        """The e-mail with this number, or None."""
        if not 1 <= number <= len(self.summaries):
            return None
        summary = self.summaries[number - 1]
        with self._path.open("rb") as rows:
            rows.seek(summary.offset)
            return _letter(summary, base64.b64decode(json.loads(rows.readline())["raw"]))

    def addressed_to(self, wanted: Callable[[str], bool]) -> list[Summary]:
        """Those with a recipient that is `wanted`, the most recent first."""
        return [summary for summary in reversed(self.summaries) if any(wanted(a) for a in summary.to)]

    def _read_back(self) -> int:
        size = 0
        with self._path.open("rb") as rows:
            for line in rows:
                if not line.endswith(b"\n"):
                    break
                self.summaries.append(_summary(json.loads(line), size))
                size += len(line)
        return size


def _summary(row: dict[str, Any], offset: int) -> Summary:
    return Summary(row["id"], row["at"], row["mail_from"], tuple(row["to"]), row["subject"], offset)


def _subject(raw: bytes) -> str:
    """Only the head is read: the whole letter is parsed when somebody opens it."""
    return str(_HEAD.parsebytes(raw.partition(b"\r\n\r\n")[0], headersonly=True).get("Subject", ""))


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def _letter(summary: Summary, raw: bytes) -> Letter:
    message = _parsed(raw)
    text: str | None = None
    html: str | None = None
    attachments: list[Attachment] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        attached = part.get_content_disposition() == "attachment"
        if kind == "text/plain" and text is None and not attached:
            text = _content(part)
        elif kind == "text/html" and html is None and not attached:
            html = _content(part)
        else:
            content = cast(bytes, part.get_payload(decode=True) or b"")
            attachments.append(Attachment(_name(part, kind), kind, content))
    headers = tuple((name, str(value)) for name, value in message.items())
    return Letter(summary, raw, headers, text, html, tuple(attachments))


def _content(part: Any) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset nobody knows: show what can be shown
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _name(part: Any, kind: str) -> str:
    given = _NOT_IN_A_NAME.sub("_", part.get_filename() or "").strip("._")
    return given or ("visit.ics" if kind == "text/calendar" else "attachment")
