"""What time it is at the clinic: a demonstration always opens on a working day, whatever the hour it is run at."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

CLINIC_ZONE = ZoneInfo("America/Chicago")
TUESDAY = 1
OPENING = time(10, 0)
KEPT_FROM, KEPT_UNTIL = time(8, 0), time(17, 0)


def offset_seconds(saved: Path, real_now: datetime) -> int:
    """Return the offset to add to the real time, and keep it in `saved`.

    First start: the next Tuesday, 10:00 in Chicago. Later: the same offset while that makes it a weekday between
    8:00 and 17:00, else on to the next Tuesday 10:00. Business time never goes back, so what was due stays due.
    """
    before = _read(saved)
    if before is not None and _open_hours(real_now + timedelta(seconds=before)):
        return before
    not_before = real_now + timedelta(seconds=before or 0)
    offset = int((next_tuesday(not_before) - real_now).total_seconds())
    saved.write_text(json.dumps({"offset_seconds": offset}), encoding="utf-8")
    return offset


def next_tuesday(after: datetime) -> datetime:
    """Return the first Tuesday 10:00 in Chicago that is not before `after`, in UTC."""
    local = after.astimezone(CLINIC_ZONE)
    day = local.date() + timedelta(days=(TUESDAY - local.weekday()) % 7)
    found = datetime.combine(day, OPENING, CLINIC_ZONE)
    if found < local:
        found = datetime.combine(day + timedelta(days=7), OPENING, CLINIC_ZONE)
    return found.astimezone(UTC)


def told(offset: int, real_now: datetime) -> str:
    """Return business time for a reader: `Tuesday 24 November 2026, 10:00 (Kansas City)`."""
    at = (real_now + timedelta(seconds=offset)).astimezone(CLINIC_ZONE)
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M} (Kansas City)"


def _open_hours(moment: datetime) -> bool:
    local = moment.astimezone(CLINIC_ZONE)
    return local.weekday() < 5 and KEPT_FROM <= local.time() < KEPT_UNTIL


def _read(saved: Path) -> int | None:
    try:
        return int(json.loads(saved.read_text(encoding="utf-8"))["offset_seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
