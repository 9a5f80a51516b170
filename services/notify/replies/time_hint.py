"""Reads a wished-for day and hour out of a reply, as a hint for the person who answers it. Never a booking."""

import re
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "es"]
PartOfDay = Literal["morning", "afternoon", "evening"]

_WEEKDAYS = {
    "monday": "mon|monday|lunes|lun",
    "tuesday": "tue|tues|tuesday|martes",
    "wednesday": "wed|weds|wednesday|miercoles|mie",
    "thursday": "thu|thur|thurs|thursday|jueves|jue",
    "friday": "fri|friday|viernes|vie",
    "saturday": "sat|saturday|sabado|sab",
    "sunday": "sun|sunday|domingo|dom",
}
_NUMBERS = {
    "en": "one two three four five six seven eight nine ten eleven twelve".split(),
    "es": "una dos tres cuatro cinco seis siete ocho nueve diez once doce".split(),
}
_CLOCK = re.compile(r"(?<![\d/:.-])(\d{1,2})(?:[:.h](\d{2}))?\s*([ap])\.?\s?m\b\.?")
_HOURS = re.compile(r"(?<![\d/:.-])(\d{1,2}):(\d{2})(?![\d/])")
_AT = re.compile(
    r"\b(?:at|around|after|before|a las?|despues de las?|antes de las?|tipo)\s+(\d{1,2})(?![\d/:])"
)
_DATE = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})(?:/\d{2,4})?(?!\d)")
_PARTS: tuple[tuple[PartOfDay, str], ...] = (
    ("morning", r"in the morning|tomorrow morning|this morning|mornings?\b|(?:por|en|de) la manana|temprano"),
    ("afternoon", r"afternoons?\b|(?:por|en|de) la tarde"),
    ("evening", r"evenings?\b|tonight|at night|(?:por|en|de) la noche"),
)


@dataclass(frozen=True, slots=True)
class TimeHint:
    """What was said about time. `hour` is 1-12 unless `meridiem` is "24"; every part may be missing."""

    day: str | None = None
    date: tuple[int, int] | None = None
    hour: int | None = None
    minute: int | None = None
    meridiem: Literal["am", "pm", "24"] | None = None
    part: PartOfDay | None = None


def time_hint(folded: str, language: Language) -> TimeHint | None:
    """The day and hour in a folded text (`texts.folding.fold`), or None. `date` is (month, day).

    `language` decides what is written alike: `mar` is Tuesday in Spanish and a month in English; 3/11 is March
    11th in both, for these patients live in the United States.
    """
    words = _numbers_as_digits(folded, language)
    hour, minute, meridiem = _clock(words)
    part = next((part for part, pattern in _PARTS if re.search(pattern, words)), None)
    day, date = _day(words, language), _date(words)
    if day is None and date is None and hour is None and part is None:
        return None
    return TimeHint(day, date, hour, minute, meridiem, part)


def _numbers_as_digits(text: str, language: Language) -> str:
    """`a las tres` and `at three` with digits: a number counts only where an hour is expected."""

    def digit(match: re.Match[str]) -> str:
        return match[1] + str(_NUMBERS[language].index(match[2]) + 1)

    names = "|".join(_NUMBERS[language])
    return re.sub(
        rf"\b((?:at|around|after|before|a las?|despues de las?|antes de las?) )({names})\b", digit, text
    )


def _clock(text: str) -> tuple[int | None, int | None, Literal["am", "pm", "24"] | None]:
    if match := _CLOCK.search(text):
        hour, minute = int(match[1]), int(match[2] or 0)
        if 1 <= hour <= 12 and minute < 60:
            return hour, minute, "am" if match[3] == "a" else "pm"
    if re.search(r"\b(?:noon|mediodia|midday)\b", text):
        return 12, 0, "pm"
    if match := _HOURS.search(text):
        hour, minute = int(match[1]), int(match[2])
        if hour < 24 and minute < 60:
            return hour, minute, None if 1 <= hour <= 12 else "24"
    if (match := _AT.search(text)) and 1 <= int(match[1]) <= 12:
        return int(match[1]), 0, None
    return None, None, None


def _day(text: str, language: Language) -> str | None:
    if re.search(r"\b(?:day after tomorrow|pasado manana)\b", text):
        return "day_after_tomorrow"
    if re.search(r"\b(?:tomorrow|tmrw|tmw|tomorow)\b", text):
        return "tomorrow"
    # "por la mañana" is the morning; a bare "mañana" is tomorrow.
    if re.search(r"(?<!la )\bmanana\b", text):
        return "tomorrow"
    if re.search(r"\b(?:today|hoy)\b", text):
        return "today"
    for day, names in _WEEKDAYS.items():
        if re.search(rf"\b(?:{names})\b", text):
            return day
    if language == "es" and re.search(r"\bmar\b", text):
        return "tuesday"
    return "next_week" if re.search(r"\b(?:next week|(?:proxima semana|semana que viene))\b", text) else None


def _date(text: str) -> tuple[int, int] | None:
    match = _DATE.search(text)
    if match and 1 <= int(match[1]) <= 12 and 1 <= int(match[2]) <= 31:
        return int(match[1]), int(match[2])
    return None
