"""Identifiers: UUID version 7 (RFC 9562), made in the application so a row knows its id before it is written."""

import secrets
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62


def new_id(unix_ms: int | None = None) -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, 12 bits of the millisecond's fraction, 62 random bits.

    Ids made later by one process sort later, which keeps B-tree inserts at the right-hand edge and lists in order.
    With `unix_ms` given the fraction is random. An id is never a secret: links and codes use `secrets` instead.
    """
    if unix_ms is None:
        unix_ms, nanoseconds = divmod(time.time_ns(), 1_000_000)
        fraction = (nanoseconds << 12) // 1_000_000
    else:
        fraction = secrets.randbits(12)
    high = ((unix_ms & ((1 << 48) - 1)) << 80) | _VERSION_7 | (fraction << 64)
    return UUID(int=high | _VARIANT_RFC | secrets.randbits(62))


def parse_id(text: str) -> UUID | None:
    """Return the UUID written canonically in `text`, or None: the caller answers "not found", never "malformed"."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
