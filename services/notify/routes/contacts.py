"""How a patient can be reached, over HTTP: the badge staff see, never the number itself in a list of states."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import text

from kernel.audit import record
from kernel.database import Database
from kernel.web.principal import allow, principal
from services.notify.queries.reach import CONTACTS, reach_of
from services.notify.routes.list_queries import ContactsQuery
from services.notify.schemas import ItemsOut

SEES = {"front_desk", "nurse", "therapist", "provider", "manager"}


def contact_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/contacts`."""
    routes = APIBlueprint("contacts", __name__)

    @routes.get("/contacts")
    @allow(roles=SEES, services=True)
    @routes.input(ContactsQuery, location="query", arg_name="query")
    @routes.output(ItemsOut)
    def listed(query: ContactsQuery) -> Any:
        """Each channel of one patient (`patient_id`) and what stands in its way, opt-outs first of all."""
        patient = UUID(query.patient_id)
        with database.transaction() as session:
            points = {row.channel: row for row in session.execute(text(CONTACTS), {"patient": patient})}
            items = []
            for channel, reach in reach_of(session, patient).items():
                point = points.get(channel)
                items.append(
                    {
                        "channel": channel,
                        "known": point is not None,
                        "opted_out": bool(point and point.opted_out_at),
                        "opted_out_at": point.opted_out_at.isoformat()
                        if point and point.opted_out_at
                        else None,
                        "dead": bool(point and point.dead_at),
                        "barrier": reach.barrier,
                    }
                )
            record(session, principal().actor, "view_contacts", "patient", patient)
        return {"items": items, "next_cursor": None}

    return routes
