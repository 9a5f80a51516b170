"""Dates, times and phone numbers as a patient reads them, in English and Spanish."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("en", "es")
# Said of a message that is not in the language its reader chose.
FALLEN_BACK = "language_not_available"

# Short forms keep to GSM-7, so that Spanish texts cost one segment too.
_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun", "mar", "mié", "jue", "vie", "sab", "dom"),
}
_LONG_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
_LONG_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
}  # fmt: skip


def message_language(wanted: str) -> tuple[str, str]:
    """The language to write in, and the reason when it is not the one wanted ("" otherwise)."""
    base = wanted.split("-", maxsplit=1)[0].lower()
    return (base, "") if base in LANGUAGES else ("en", FALLEN_BACK)


def short_day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """`Tue Nov 24` or `mar 24 nov`."""
    local = at.astimezone(zone)
    day, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    return f"{day} {month} {local.day}" if language == "en" else f"{day} {local.day} {month}"


def long_day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """`Tuesday, November 24` or `martes 24 de noviembre`."""
    local = at.astimezone(zone)
    day, month = _LONG_DAYS[language][local.weekday()], _LONG_MONTHS[language][local.month - 1]
    return f"{day}, {month} {local.day}" if language == "en" else f"{day} {local.day} de {month}"


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """`9:30 AM`: the twelve-hour clock of the clinic's country, in both languages."""
    local = at.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"


def zone_note(at: datetime, site_zone: ZoneInfo, recipient_zone: str) -> str:
    """` CST` when the recipient's clock differs from the site's at that moment, else "": a time is the site's."""
    if not recipient_zone:
        return ""
    same = at.astimezone(site_zone).utcoffset() == at.astimezone(ZoneInfo(recipient_zone)).utcoffset()
    return "" if same else f" {at.astimezone(site_zone).tzname()}"


def phone_to_dial(e164: str) -> str:
    """`816-555-0100` for a US number; any other as it is."""
    return f"{e164[2:5]}-{e164[5:8]}-{e164[8:]}" if e164.startswith("+1") and len(e164) == 12 else e164


def place_name(site_name: str, clinic_name: str) -> str:
    """The site's name without the clinic's in front: the text has said that already."""
    shorter = site_name.removeprefix(clinic_name).strip(" -–,:")
    return shorter or site_name


def by_language(names: Mapping[str, str], language: str) -> str:
    """The wording in `language`, else in English, else ""."""
    return names.get(language) or names.get("en", "")
