"""Sends in doubt over HTTP, by cause: a failing mail server leaves hundreds, which no one closes one by one."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.database import Database
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from services.notify.actions.close_doubts import close_doubts
from services.notify.queries.doubt_groups import doubt_groups
from services.notify.schemas import CloseDoubtsIn, ItemsOut, RecordOut

SEES = {"front_desk", "nurse", "provider", "manager"}


def doubt_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/call-list/doubts`."""
    routes = APIBlueprint("doubts", __name__)

    @routes.get("/call-list/doubts")
    @allow(roles=SEES, services=True)
    @routes.output(ItemsOut)
    def grouped() -> Any:
        """Sends nobody saw the end of, by cause and channel; the single ones are `/call-list?kind=unknown_send`."""
        who = principal().actor
        with database.transaction() as session:
            rows = doubt_groups(session, who.sites)
            record(session, who, "view_call_list", "staff_item", "-", details={"groups": len(rows)})
        items = [
            {
                "code": row.code,
                "channel": row.channel,
                "sends": row.sends,
                "first_at": row.first_at.isoformat(),
                "last_at": row.last_at.isoformat(),
                "next_visit_at": row.next_visit_at.isoformat() if row.next_visit_at else None,
            }
            for row in rows
        ]
        return {"items": items, "next_cursor": None}

    @routes.post("/call-list/doubts/close")
    @allow(roles=SEES)
    @routes.input(CloseDoubtsIn)
    @routes.output(RecordOut)
    def close(json_data: CloseDoubtsIn) -> Any:
        """Close the doubts of one group that were open when it was read (`seen_until` is its `last_at`)."""
        who = principal()

        def deed(session: Session) -> Reply:
            closed = close_doubts(
                session,
                who.actor,
                json_data.outcome,
                code=json_data.code,
                channel=json_data.channel,
                seen_until=json_data.seen_until,
                sites=who.actor.sites,
            )
            return Reply({"closed": closed}, 200)

        return once(database, who.client, deed).as_flask()

    return routes
