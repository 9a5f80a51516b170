"""Mapped classes of the referral service. Importing this package registers them all."""

from services.referral.model import decision, move, protocol, referral, review
from services.referral.model.base import Base

__all__ = ["Base", "decision", "move", "protocol", "referral", "review"]
