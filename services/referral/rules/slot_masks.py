"""Time as the bits of one integer: bit i of a mask is the i-th stretch of five minutes after the window's start.

Finding every free start of a visit is then a few shifts and ANDs, whatever the number of days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.referral.rules.calendar_time import day_segments, days_touched

GRAIN_MINUTES = 5
GRAIN = timedelta(minutes=GRAIN_MINUTES)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time under search. `starts_at` lies on a five-minute mark; `bits` is its length in grains."""

    starts_at: datetime
    bits: int

    @classmethod
    def around(cls, starts_at: datetime, ends_at: datetime) -> "Window":
        """Return the smallest window of whole grains that holds [starts_at, ends_at)."""
        first = (starts_at - EPOCH) // GRAIN
        last = -((EPOCH - ends_at) // GRAIN)
        return cls(EPOCH + first * GRAIN, max(0, last - first))

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.bits * GRAIN

    @property
    def full(self) -> int:
        """The mask with every bit of the window set."""
        return (1 << self.bits) - 1

    def at(self, bit: int) -> datetime:
        """Return the instant at which grain `bit` starts."""
        return self.starts_at + bit * GRAIN

    def touching(self, intervals: Iterable[tuple[datetime, datetime]]) -> int:
        """Return the mask of grains any interval touches: rounded outwards, for what is taken."""
        mask = 0
        for starts_at, ends_at in intervals:
            mask |= self.span((starts_at - self.starts_at) // GRAIN, -((self.starts_at - ends_at) // GRAIN))
        return mask

    def touching_minutes(self, spans: Iterable[tuple[int, int]]) -> int:
        """As `touching`, for spans in minutes since 1970."""
        begins = int((self.starts_at - EPOCH).total_seconds()) // 60
        mask, bits = 0, self.bits
        for first_minute, last_minute in spans:
            first = (first_minute - begins) // GRAIN_MINUTES
            last = -((begins - last_minute) // GRAIN_MINUTES)
            first = max(first, 0)
            last = min(last, bits)
            if first < last:
                mask |= ((1 << (last - first)) - 1) << first
        return mask

    def within(self, intervals: Iterable[tuple[datetime, datetime]]) -> int:
        """Return the mask of grains that lie wholly in an interval: rounded inwards, for what is open."""
        mask = 0
        for starts_at, ends_at in intervals:
            mask |= self.span(-((self.starts_at - starts_at) // GRAIN), (ends_at - self.starts_at) // GRAIN)
        return mask

    def starting_in(self, starts_at: datetime, ends_at: datetime) -> int:
        """Return the mask of grains whose first instant lies in [starts_at, ends_at)."""
        return self.span(-((self.starts_at - starts_at) // GRAIN), -((self.starts_at - ends_at) // GRAIN))

    def span(self, first: int, last: int) -> int:
        """Return the mask of grains first to last - 1, cut to the window."""
        first, last = max(0, first), min(self.bits, last)
        return ((1 << (last - first)) - 1) << first if first < last else 0


def runs(free: int, length: int) -> int:
    """Return the bits from which `length` bits in a row are set in `free`."""
    covered, result = 1, free
    while covered < length:
        step = min(covered, length - covered)
        result &= result >> step
        covered += step
    return result


def grid(window: Window, zone: ZoneInfo, alignment_minutes: int) -> int:
    """Return the grains whose start shows a wall time that is a multiple of `alignment_minutes` after midnight."""
    mask = 0
    step = alignment_minutes // GRAIN_MINUTES
    for day in days_touched(window.starts_at, window.ends_at, zone):
        for segment in day_segments(day, zone):
            # A multiple of the alignment on the wall: midnight of the segment's own offset is the anchor.
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - segment.offset
            anchor = (midnight - window.starts_at) // GRAIN
            first = max(0, (segment.starts_at - window.starts_at) // GRAIN)
            last = min(window.bits, (segment.ends_at - window.starts_at) // GRAIN)
            start = anchor + -(-(first - anchor) // step) * step
            mask |= _comb(step, -(-(last - start) // step)) << start if start < last else 0
    return mask


def _comb(step: int, teeth: int) -> int:
    """Return the mask with every `step`-th bit set, `teeth` of them, from bit 0: a geometric series."""
    return ((1 << (teeth * step)) - 1) // ((1 << step) - 1)


def bits_of(mask: int, most: int) -> Iterator[int]:
    """Yield the numbers of the lowest set bits, ascending, at most `most`."""
    while mask and most > 0:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
        most -= 1
