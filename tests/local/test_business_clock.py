"""The demonstration's clock opens on a working day and never goes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.business_clock import CLINIC_ZONE, next_tuesday, offset_seconds, told

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


def business(offset: int, real: datetime) -> datetime:
    return (real + timedelta(seconds=offset)).astimezone(CLINIC_ZONE)


@given(MOMENTS)
def test_first_start_is_a_tuesday_at_ten(real: datetime) -> None:
    found = next_tuesday(real).astimezone(CLINIC_ZONE)
    assert (found.weekday(), found.hour, found.minute, found.second) == (1, 10, 0, 0)
    assert timedelta(0) <= found - real <= timedelta(days=7, hours=1)


def test_the_offset_is_kept_while_the_clinic_is_open(tmp_path: Path) -> None:
    saved = tmp_path / "clock.json"
    real = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    first = offset_seconds(saved, real)
    assert business(first, real).strftime("%A %H:%M") == "Tuesday 10:00"
    assert offset_seconds(saved, real + timedelta(hours=6, minutes=59)) == first
    assert offset_seconds(saved, real + timedelta(days=1)) == first


@pytest.mark.parametrize("later", [timedelta(hours=8), timedelta(days=4), timedelta(days=5, hours=12)])
def test_outside_opening_hours_it_moves_on_to_the_next_tuesday(tmp_path: Path, later: timedelta) -> None:
    saved = tmp_path / "clock.json"
    real = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    first = offset_seconds(saved, real)
    second = offset_seconds(saved, real + later)
    assert second > first
    assert business(second, real + later).strftime("%A %H:%M") == "Tuesday 10:00"


def test_a_damaged_file_is_a_first_start(tmp_path: Path) -> None:
    saved = tmp_path / "clock.json"
    saved.write_text("{")
    real = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)  # the night the clocks go forward
    assert business(offset_seconds(saved, real), real).strftime("%A %H:%M") == "Tuesday 10:00"


def test_it_is_told_in_words() -> None:
    assert (
        told(0, datetime(2026, 11, 24, 16, 0, tzinfo=UTC)) == "Tuesday 24 November 2026, 10:00 (Kansas City)"
    )
