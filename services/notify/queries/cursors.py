"""Opaque cursors of keyset pages: the moment and id of the last row shown."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from kernel.ids import parse_id


class BadCursor(ValueError):
    """The text is no cursor of ours."""


def cursor_after(at: datetime, row_id: UUID) -> str:
    """The cursor that goes on after this row."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {row_id}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """The moment and id in `cursor`; raises `BadCursor`."""
    try:
        moment, _, given = (
            base64.b64decode(cursor[:200], altchars=b"-_", validate=True).decode().partition(" ")
        )
        at, row_id = datetime.fromisoformat(moment), parse_id(given)
    except (ValueError, binascii.Error):
        raise BadCursor(cursor[:20]) from None
    if row_id is None or at.tzinfo is None:
        raise BadCursor(cursor[:20])
    return at, row_id
