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
    chosen = language if language in _DAYS else "en"
    day, month = _DAYS[chosen][local.weekday()], _MONTHS[chosen][local.month - 1]
    hour = local.hour % 12 or 12
    if chosen == "es":
        half = "a. m." if local.hour < 12 else "p. m."
        article = "la" if hour == 1 else "las"
        return f"{day} {local.day} de {month} a {article} {hour}:{local.minute:02d} {half}"
    return f"{day}, {month} {local.day} at {hour}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"
