"""Opaque cursors for keyset pages: two sort values, not to be made or changed by clients."""

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from kernel.ids import parse_id


class BadCursor(ValueError):
    """The cursor was not made here."""


def make_cursor(moment: datetime, row_id: UUID) -> str:
    """Return the cursor that continues after this row."""
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), str(row_id)]).encode()).decode()


def read_cursor(text: str) -> tuple[datetime, UUID]:
    """Return what `make_cursor` was given; raises `BadCursor`."""
    try:
        if len(text) > 300:
            raise ValueError
        moment, row = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        found, at = parse_id(str(row)), datetime.fromisoformat(moment)
    except (ValueError, TypeError, binascii.Error):
        raise BadCursor("not a cursor") from None
    if found is None or at.tzinfo is None:
        raise BadCursor("not a cursor")
    return at, found
