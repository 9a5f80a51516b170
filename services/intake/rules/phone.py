"""Telephone numbers as patients type them, to E.164. Pure: North American numbers by their plan, others by shape."""

import re
from typing import Final

_WRITTEN: Final = re.compile(
    r"\s*(\+?)([0-9()\-.\s]{4,30})(?:\s*(?:x|ext\.?|extension)\s*(\d{1,6}))?\s*", re.IGNORECASE
)
_PREMIUM_AREAS: Final = frozenset({"900"})
_PREMIUM_EXCHANGES: Final = frozenset({"976"})


def to_e164(text: str) -> str | None:
    """Return `text` as E.164, or None for what cannot be called: letters, short, emergency or premium numbers.

    A number without + is taken as one of the United States and Canada. An extension is dropped: texts cannot
    reach it.
    """
    if not text.isascii():
        return None
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    digits = re.sub(r"\D", "", written.group(2))
    if written.group(1) and not digits.startswith("1"):
        return f"+{digits}" if 8 <= len(digits) <= 15 and not digits.startswith("0") else None
    national = digits.removeprefix("1") if len(digits) == 11 else digits
    if len(national) != 10 or national[0] in "01" or national[1:3] == "11":
        return None
    if national[:3] in _PREMIUM_AREAS or national[3:6] in _PREMIUM_EXCHANGES:
        return None
    return f"+1{national}"
