"""The token in an e-mail's stop link: it names one contact point, and only who was written to has it."""

import base64
import hmac
from uuid import UUID

from kernel.keyring import keyring

_MAC_BYTES = 16


def stop_token(contact_point_id: UUID) -> str:
    """43 characters: the id and a keyed code over it. It works as long as the address is known here."""
    return base64.urlsafe_b64encode(contact_point_id.bytes + _code(contact_point_id)).decode().rstrip("=")


def read_stop_token(token: str) -> UUID | None:
    """The contact point a token names, or None for anything we did not make."""
    if len(token) != 43 or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=")
    except ValueError:
        return None
    point = UUID(bytes=raw[:16])
    return point if hmac.compare_digest(raw[16:], _code(point)) else None


def _code(point: UUID) -> bytes:
    return keyring().blind_index("mail_stop", str(point))[:_MAC_BYTES]
