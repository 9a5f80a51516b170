"""A recipient's time zone, from what they told us about where they live."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# ZIP ranges (first three digits) of the states the clinic draws patients from, where the whole range keeps one
# time. 677-679 is western Kansas, which is split between Central and Mountain time: unknown on purpose.
_CENTRAL = ((500, 528), (600, 676), (680, 690), (710, 732), (734, 767))


def zone_for(time_zone: str, postcode: str) -> str:
    """The IANA zone of a patient: the one they gave, else that of their postcode, else "" for unknown."""
    if time_zone:
        return time_zone
    prefix = postcode.strip()[:3]
    if len(prefix) == 3 and prefix.isdigit() and any(low <= int(prefix) <= high for low, high in _CENTRAL):
        return "America/Chicago"
    return ""


def known_zone(name: str) -> str:
    """`name` when it is an IANA zone this machine knows, else "": an unknown zone is treated as no zone."""
    try:
        ZoneInfo(name or "?")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return name
