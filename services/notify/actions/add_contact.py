"""The contact point of a number or address, added when it is new."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.personal import email_index, phone_index, seal_json
from kernel.rows import cursor

# One round trip; nothing comes back when another transaction added it meanwhile, which is then asked for.
ADD = """
WITH known AS (SELECT id FROM contact_point WHERE channel = $1 AND address_index = $2),
    fresh AS (INSERT INTO contact_point (id, channel, address_index, address_sealed, created_at)
        SELECT $3, $1, $2, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM known) ON CONFLICT DO NOTHING RETURNING id)
SELECT id FROM known UNION ALL SELECT id FROM fresh
"""
KNOWN = "SELECT id FROM contact_point WHERE channel = $1 AND address_index = $2"


def add_contact(session: Session, channel: str, address: str) -> UUID:
    """Return the contact point of `address`, which several patients may share, adding it when it is new."""
    index = phone_index(address) if channel == "sms" else email_index(address)
    point_id = new_id()
    sealed = seal_json(address, f"notify.contact_point.address_sealed.{point_id}")
    own = cursor(session)
    rows = own.execute(ADD, [channel, index, point_id, sealed, now(session)]).fetchall()
    (row,) = rows or own.execute(KNOWN, [channel, index]).fetchall()
    found: UUID = row.id
    return found
