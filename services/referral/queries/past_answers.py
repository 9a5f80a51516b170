"""The answers a replay runs over."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.referral.model.decision import Decision


def answers_of(moment: Any, days: int) -> Any:
    """Select the ids of the decisions in force that were made in the `days` before `moment`."""
    since = moment - timedelta(days=days)
    return select(Decision.id).where(
        Decision.made_at >= since, Decision.made_at <= moment, Decision.voided_at.is_(None)
    )
