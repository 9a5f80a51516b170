"""Which of the messages a provider lists is the one we sent."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.sending.provider import Found

TAKEN = "SELECT provider_message_id FROM send_attempt WHERE provider_message_id = ANY(:sids)"


def find_ours(session: Session, found: Sequence[Found], body_sha256: bytes, since: datetime) -> Found | None:
    """The provider's message with our words that no other attempt of ours is known to be."""
    same = [
        item for item in found if item.body_sha256 == body_sha256 and (item.at is None or item.at >= since)
    ]
    # Two patients on one number may be written the same words: one look-up at a time may claim a message.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('claim_provider_message'))"))
    sids = [item.provider_message_id for item in same]
    taken = set(session.scalars(text(TAKEN), {"sids": sids})) if sids else set()
    return next((item for item in reversed(same) if item.provider_message_id not in taken), None)
