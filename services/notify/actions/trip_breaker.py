"""Stop asking a provider that fails message after message."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.rules.provider_pace import (
    BREAKER_ERRORS,
    BREAKER_PAUSE_SECONDS,
    BREAKER_WINDOW_SECONDS,
    WEIGHT_STEP,
)

ERRORS = """
SELECT count(*) FROM send_attempt WHERE provider = :name AND started_at > now() - make_interval(secs => :window)
    AND outcome IN ('unknown', 'not_transmitted') AND code NOT IN ('fence', 'no_time', 'worker_lost', '429', '20429')
"""
PAUSE = """
UPDATE provider_state SET paused_until = now() + make_interval(secs => :pause), weight = greatest(0, weight - :step)
WHERE name = :name AND (paused_until IS NULL OR paused_until < now())
"""


def trip_breaker(session: Session, providers: Collection[str]) -> None:
    """Pause each of `providers` that had fifty errors within a minute, for half a minute."""
    for name in sorted(providers):
        errors = session.execute(text(ERRORS), {"name": name, "window": BREAKER_WINDOW_SECONDS}).scalar_one()
        if errors >= BREAKER_ERRORS:
            values = {"name": name, "pause": BREAKER_PAUSE_SECONDS, "step": WEIGHT_STEP}
            session.execute(text(PAUSE), values)
