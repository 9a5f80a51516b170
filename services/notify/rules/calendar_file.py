"""The visit as an iCalendar file (RFC 5545) for an e-mail: the time, the place, and nothing about why."""

from datetime import UTC, datetime

_LINE_BYTES = 75


def calendar_file(
    uid: str, version: int, *, starts: datetime, ends: datetime, stamp: datetime, summary: str, place: str
) -> str:
    """Return one event, replaced by a later `version` of the same `uid`. Times are written in UTC."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Waymark//Visits//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{version}",
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(starts)}",
        f"DTEND:{_utc(ends)}",
        f"SUMMARY:{_escape(summary)}",
        f"LOCATION:{_escape(place)}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_fold(line) + "\r\n" for line in lines)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _fold(line: str) -> str:
    """Break a line after 75 bytes, never inside a character."""
    folded, used = "", 0
    for character in line:
        size = len(character.encode())
        if used + size > _LINE_BYTES:
            folded, used = folded + "\r\n ", 1
        folded, used = folded + character, used + size
    return folded
