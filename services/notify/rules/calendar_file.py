"""The visit as an iCalendar file (RFC 5545, RFC 5546) for an e-mail: the time, the place, and nothing about why."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

_LINE_BYTES = 75
Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True)
class CalendarParty:
    """Who invites and who is invited, as e-mail addresses."""

    organizer: str
    organizer_name: str
    attendee: str


def calendar_file(
    uid: str,
    version: int,
    *,
    method: Method,
    party: CalendarParty,
    starts: datetime,
    ends: datetime,
    stamp: datetime,
    summary: str,
    place: str,
) -> str:
    """Return one event; a later `version` of the same `uid` takes its place, and "CANCEL" takes it off the calendar.

    Times are written in UTC. The attendee counts as having accepted: replies C, R and X go by text, not by calendar.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Waymark//Visits//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{version}",
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(starts)}",
        f"DTEND:{_utc(ends)}",
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        f'ORGANIZER;CN="{_quoted(party.organizer_name)}":mailto:{party.organizer}',
        f"ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{party.attendee}",
        f"SUMMARY:{_escape(summary)}",
        f"LOCATION:{_escape(place)}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_fold(line) + "\r\n" for line in lines)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _quoted(name: str) -> str:
    """A name as a parameter's value: no quote and no control character can stand there."""
    return "".join(character for character in name if character != '"' and character.isprintable())


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _fold(line: str) -> str:
    """Break a line after 75 bytes, never inside a character."""
    if len(line.encode()) <= _LINE_BYTES:
        return line
    folded, used = "", 0
    for character in line:
        size = len(character.encode())
        if used + size > _LINE_BYTES:
            folded, used = folded + "\r\n ", 1
        folded, used = folded + character, used + size
    return folded
