"""Amounts in another unit, for the UCUM units that patients meet; what cannot be told is None, never a guess."""

from collections.abc import Mapping
from typing import Final

#: UCUM code -> what it measures, and how many of that measure's base one of it is.
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    **{code: ("time", n) for code, n in (("s", 1 / 60), ("min", 1), ("h", 60), ("d", 1_440), ("wk", 10_080))},
    "mo": ("time", 43_200),
    "a": ("time", 525_600),
    **{code: ("mass", n) for code, n in (("mg", 0.001), ("g", 1), ("kg", 1_000), ("t", 1e6))},
    "[oz_av]": ("mass", 28.349523125),
    "[lb_av]": ("mass", 453.59237),
    **{code: ("length", n) for code, n in (("mm", 0.1), ("cm", 1), ("m", 100), ("km", 1e5))},
    "[in_i]": ("length", 2.54),
    "[ft_i]": ("length", 30.48),
    **{code: ("volume", n) for code, n in (("mL", 1), ("cL", 10), ("dL", 100), ("L", 1_000))},
}
#: Names people write instead of the code.
_ALSO: Final[Mapping[str, str]] = {
    **dict.fromkeys(("kilogram", "kilograms"), "kg"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), "[lb_av]"),
    **dict.fromkeys(("in", "inch", "inches"), "[in_i]"),
    **dict.fromkeys(("ft", "foot", "feet"), "[ft_i]"),
    **dict.fromkeys(("minute", "minutes"), "min"),
    **dict.fromkeys(("hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "wk"),
    **dict.fromkeys(("month", "months"), "mo"),
    **dict.fromkeys(("year", "years", "yr"), "a"),
}


def in_unit(amount: float, unit: str, wanted: str) -> float | None:
    """`amount` of `unit` in `wanted`; itself when the units are equal or none was given, None when they differ."""
    unit, wanted = _ALSO.get(unit, unit), _ALSO.get(wanted, wanted)
    if unit == wanted or not unit:
        return amount
    one, other = _UNITS.get(unit), _UNITS.get(wanted)
    if one is None or other is None or one[0] != other[0]:
        return None
    return round(amount * one[1] / other[1], 9)
