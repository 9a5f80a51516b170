"""What would suit a patient on the waiting list, as a form and as the owner takes it."""

from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict

from kernel.read_whole import read_whole

WHOLE_DAY = 1440
USUAL_NOTICE_HOURS = 2
LONGEST_NOTICE_HOURS = 336


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


def _minute(given: str, otherwise: int) -> int:
    """Return the minute of the day of a wall-clock time; a time that is none leaves the part of the day open."""
    try:
        at = time.fromisoformat(given)
    except ValueError:
        return otherwise
    return at.hour * 60 + at.minute
