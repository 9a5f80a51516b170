"""What would suit a patient on the waiting list, as a form and as the owner takes it."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict

from kernel.read_whole import read_whole
from services.dashboard.rules.times import SHORT_DAY_NAMES, local, parse_time

WHOLE_DAY = 1440
USUAL_NOTICE_HOURS = 2
LONGEST_NOTICE_HOURS = 336
NOTICES = ((2, "2 hours before"), (4, "4 hours before"), (24, "a day before"), (48, "2 days before"))
# What a form says was seen of a place on the list, to show what differs when somebody was faster.
SEEN_WISHES = ("sites", "weekdays", "from_minute", "until_minute", "notice_minutes", "expires_at", "ended")


def read_wishes(form: "MultiDict[str, str]") -> dict[str, Any]:
    """Return the owner's body. Nothing given: anything suits. The owner refuses a day that ends before it begins."""
    notice = read_whole(form.get("notice_hours", ""), LONGEST_NOTICE_HOURS)
    body: dict[str, Any] = {
        "sites": [one for one in form.getlist("sites") if one],
        "weekdays": sorted({int(day) for day in form.getlist("weekdays") if day in tuple("0123456")}),
        "from_minute": _minute(form.get("from_time", ""), 0),
        "until_minute": _minute(form.get("until_time", ""), WHOLE_DAY),
        "notice_minutes": (USUAL_NOTICE_HOURS if notice is None else notice) * 60,
    }
    if form.get("expires_at"):
        body["expires_at"] = form["expires_at"]
    return body


def usual_wishes(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form as it is for a place on the list: what suits now.

    A notice or an end the form cannot show exactly is kept as it is while nobody changes it (`kept_wishes`).
    """
    from_minute, until_minute = (
        int(entry.get("from_minute") or 0),
        int(entry.get("until_minute") or WHOLE_DAY),
    )
    return {
        "sites": list(entry.get("sites") or []),
        "weekdays": [str(day) for day in entry.get("weekdays") or []],
        "from_time": _clock(from_minute) if from_minute else "",
        "until_time": _clock(until_minute) if until_minute < WHOLE_DAY else "",
        "notice_hours": _hours(entry),
        "expires_at": _end_day(entry),
    }


def kept_wishes(body: dict[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the owner's body with the notice and the end there are now where the form still shows them."""
    kept = dict(body)
    if kept["notice_minutes"] == _hours(entry) * 60:
        kept["notice_minutes"] = entry.get("notice_minutes", kept["notice_minutes"])
    if kept.get("expires_at") == _end_day(entry):
        del kept["expires_at"]
    return kept


def wish_words(name: str, value: Any, sites: Mapping[str, Any]) -> str:
    """Return one wish in words: the sites and days by name, minutes of the day as a time."""
    if name == "sites":
        return ", ".join(str(sites.get(one, one)) for one in value or []) or "any site"
    if name == "weekdays":
        return ", ".join(SHORT_DAY_NAMES[int(day)] for day in value or []) or "any day"
    if name in ("from_minute", "until_minute"):
        return _clock(int(value or 0))
    return f"{_hours({'notice_minutes': value})} h before"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _hours(entry: Mapping[str, Any]) -> int:
    return -(-int(entry.get("notice_minutes") or 0) // 60)


def _end_day(entry: Mapping[str, Any]) -> str:
    moment = parse_time(entry.get("expires_at"))
    return local(moment).date().isoformat() if moment else ""


def _minute(given: str, otherwise: int) -> int:
    """Return the minute of the day of a wall-clock time; a time that is none leaves the part of the day open."""
    try:
        at = time.fromisoformat(given)
    except ValueError:
        return otherwise
    return at.hour * 60 + at.minute
