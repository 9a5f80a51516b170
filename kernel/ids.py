"""Identifiers: UUID version 7 (RFC 9562), made in the application so a row knows its id before it is written."""

import secrets
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62


def new_id(unix_ms: int | None = None) -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Ids made later sort later (to the millisecond), which keeps B-tree inserts at the right-hand edge.
    An id is never a secret: links and codes use `secrets` instead.
    """
    moment = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    random_bits = secrets.randbits(74)
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return UUID(int=((moment & ((1 << 48) - 1)) << 80) | _VERSION_7 | (high << 64) | _VARIANT_RFC | low)


def parse_id(text: str) -> UUID | None:
    """Return the UUID written canonically in `text`, or None: the caller answers "not found", never "malformed"."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
