"""A local date and time in words, English and Spanish."""

from datetime import datetime
from typing import Final

_DAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS: Final = {
    "en": ("January February March April May June July August September October November December".split()),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}


def spoken_time(local: datetime, language: str) -> str:
    """`Tuesday, November 24 at 9:30 AM`, or `martes 24 de noviembre a las 9:30 a. m.`."""
    day, hour = spoken_day(local, language), spoken_hour(local, language)
    if language == "es":
        return f"{day} a {'la' if local.hour % 12 == 1 else 'las'} {hour}"
    return f"{day} at {hour}"


def spoken_day(local: datetime, language: str) -> str:
    """`Tuesday, November 24`, or `martes 24 de noviembre`."""
    chosen = language if language in _DAYS else "en"
    day, month = _DAYS[chosen][local.weekday()], _MONTHS[chosen][local.month - 1]
    return f"{day} {local.day} de {month}" if chosen == "es" else f"{day}, {month} {local.day}"


def spoken_hour(local: datetime, language: str) -> str:
    """`9:30 AM`, or `9:30 a. m.`."""
    halves = ("a. m.", "p. m.") if language == "es" else ("AM", "PM")
    return f"{local.hour % 12 or 12}:{local.minute:02d} {halves[local.hour >= 12]}"
