"""The days on which a site's clocks change."""

from datetime import date

from services.dashboard.rules.times import clock_changes


def test_clock_changes_of_a_zone_are_found_and_there_are_none_in_arizona() -> None:
    after = date(2026, 11, 26)
    assert clock_changes("America/Chicago", after, 2) == [date(2027, 3, 14), date(2027, 11, 7)]
    assert clock_changes("America/Phoenix", after, 2) == []
