"""How sending goes, over HTTP."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint

from kernel.clock import now
from kernel.database import Database
from kernel.web.principal import allow
from services.notify.queries.message_health import message_health
from services.notify.schemas import RecordOut

SEES = {"front_desk", "nurse", "therapist", "provider", "manager", "admin"}


def message_health_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/health-summary`."""
    routes = APIBlueprint("message_health", __name__)

    @routes.get("/health-summary")
    @allow(roles=SEES, services=True)
    @routes.output(RecordOut)
    def summary() -> Any:
        """What is due, in doubt and waiting for staff, when something last went out, and the last day's results."""
        with database.transaction() as session:
            at = now(session)
            return message_health(session, at, at - timedelta(days=1))

    return routes
