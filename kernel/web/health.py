"""/live: the process answers. /ready: it can do its work, with how late it is."""

from typing import Any

import psycopg
from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kernel.database import Database

LAG = """
SELECT count(*) FILTER (WHERE state = 'due') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead,
    extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'due')) AS oldest
FROM event_delivery WHERE state IN ('due', 'dead')
"""
BEAT = "SELECT extract(epoch FROM now() - max(started_at)) FROM schedule_run"
CANARY = "SELECT extract(epoch FROM now() - max(stamped_at)) FROM worker_canary"


def health_routes(service: str, database: Database) -> Blueprint:
    """Return a blueprint with `/live` and `/ready`; neither needs a token and neither tells about patients."""
    routes = Blueprint("health", __name__)

    @routes.get("/live")
    def live() -> dict[str, str]:
        return {"service": service, "status": "live"}

    @routes.get("/ready")
    def ready() -> tuple[dict[str, Any], int]:
        try:
            with database.transaction() as session:
                lag = session.execute(text(LAG)).one()
                beat = session.execute(text(BEAT)).scalar_one()
                canary = session.execute(text(CANARY)).scalar_one()
        except (SQLAlchemyError, psycopg.Error):
            return {"service": service, "status": "database unreachable"}, 503
        return {
            "service": service,
            "status": "ready",
            "events_waiting": lag.waiting,
            "events_dead": lag.dead,
            "oldest_event_seconds": _seconds(lag.oldest),
            "last_beat_seconds": _seconds(beat),
            "last_canary_seconds": _seconds(canary),
        }, 200

    return routes


def _seconds(value: Any) -> float | None:
    return None if value is None else max(0.0, round(float(value), 1))
