"""A recipient's time zone, from what they told us about where they live."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.read_whole import read_whole

# ZIP ranges (first three digits) that keep one time throughout. What is split between two times is left out on
# purpose (western Kansas 677-679, Nebraska 690-693, the Dakotas, Florida, Indiana, Kentucky, Michigan, Tennessee, El
# Paso 798-799, Idaho, Oregon, Nevada, Alaska), and Arizona, where the Navajo Nation changes its clocks.
_BY_PREFIX = {
    "America/Puerto_Rico": ((6, 9),),
    "America/New_York": ((10, 69), (70, 89), (100, 268), (270, 319), (398, 399), (430, 459)),
    "America/Chicago": ((500, 528), (600, 676), (680, 689), (710, 732), (734, 767)),
    "America/Denver": ((590, 599), (800, 816), (820, 831), (840, 847), (870, 884)),
    "America/Los_Angeles": ((900, 961), (980, 994)),
    "Pacific/Honolulu": ((967, 968),),
}
# Islands whose first three digits are not theirs alone: Samoa's are Hawaii's (967), and 969 keeps four different times.
_ISLANDS = {
    "Pacific/Guam": ((96910, 96932),),
    "Pacific/Saipan": ((96950, 96952),),
    "Pacific/Pago_Pago": ((96799, 96799),),
}


def zone_for(time_zone: str, postcode: str) -> str:
    """The IANA zone of a patient: the one they gave, else that of their postcode, else "" for unknown."""
    if time_zone:
        return time_zone
    digits = postcode.strip()[:5]
    number = read_whole(digits, 99_999) if len(digits) == 5 else None
    if number is not None:
        island = _named(_ISLANDS, number)
        return island or _named(_BY_PREFIX, number // 100)
    return ""


def known_zone(name: str) -> str:
    """`name` when it is an IANA zone this machine knows, else "": an unknown zone is treated as no zone."""
    try:
        ZoneInfo(name or "?")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return name


def _named(ranges: Mapping[str, tuple[tuple[int, int], ...]], number: int) -> str:
    return next(
        (zone for zone, spans in ranges.items() if any(low <= number <= high for low, high in spans)), ""
    )
