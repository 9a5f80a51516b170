"""A day and an hour in words, each alone and together."""

from datetime import datetime

import pytest

from services.intake.rules.spoken_time import spoken_day, spoken_hour, spoken_time


@pytest.mark.parametrize(
    ("local", "language", "day", "hour", "both"),
    [
        ("2026-11-24T09:30", "en", "Tuesday, November 24", "9:30 AM", "Tuesday, November 24 at 9:30 AM"),
        ("2026-11-24T12:00", "fr", "Tuesday, November 24", "12:00 PM", "Tuesday, November 24 at 12:00 PM"),
        ("2026-08-01T00:05", "en", "Saturday, August 1", "12:05 AM", "Saturday, August 1 at 12:05 AM"),
        ("2026-08-01T13:00", "es", "sábado 1 de agosto", "1:00 p. m.", "sábado 1 de agosto a la 1:00 p. m."),
        (
            "2026-11-24T09:30",
            "es",
            "martes 24 de noviembre",
            "9:30 a. m.",
            "martes 24 de noviembre a las 9:30 a. m.",
        ),
    ],
)
def test_day_and_hour_are_said_alone_and_together(
    local: str, language: str, day: str, hour: str, both: str
) -> None:
    at = datetime.fromisoformat(local)
    assert spoken_day(at, language) == day
    assert spoken_hour(at, language) == hour
    assert spoken_time(at, language) == both
