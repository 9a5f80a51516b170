"""Events that were given up, over HTTP: every service that sends events has the list and the deed."""

from typing import Annotated, Any
from uuid import UUID

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.dead_events import dead_events
from kernel.try_events_again import try_events_again
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal

DECIDES = frozenset({"manager", "admin"})
Ids = Annotated[list[UUID], Field(min_length=1, max_length=100)]


class TryAgainIn(BaseModel):
    """Which deliveries: their ids, as the list shows them."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids


class DeadEventsOut(BaseModel):
    """The oldest hundred, and how many there are in all. What the events say is not shown."""

    items: list[dict[str, Any]]
    total: int


class TriedOut(BaseModel):
    """How many were given up, and are due again."""

    tried: int


def dead_event_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/dead-events`."""
    routes = APIBlueprint("dead_events", __name__)

    @routes.get("/dead-events")
    @allow(roles=DECIDES)
    @routes.output(DeadEventsOut)
    def listed() -> Any:
        """Events that did not reach a listener and are not tried any more: which, for whom, since when and why."""
        with database.transaction() as session:
            rows, total = dead_events(session)
        items = [
            {
                "id": str(row.id),
                "type": row.type,
                "listener": row.listener,
                "occurred_at": row.occurred_at.isoformat(),
                "reason": row.last_error,
                "attempts": row.attempts,
            }
            for row in rows
        ]
        return {"items": items, "total": total}

    @routes.post("/dead-events/try-again")
    @allow(roles=DECIDES)
    @routes.input(TryAgainIn)
    @routes.output(TriedOut)
    def again(json_data: TryAgainIn) -> Any:
        """Bring them to their listeners once more; one that is no longer given up is left alone."""
        who = principal()

        def deed(session: Session) -> Reply:
            return Reply({"tried": try_events_again(session, who.actor, json_data.ids)}, 200)

        return once(database, who.client, deed).as_flask()

    return routes
