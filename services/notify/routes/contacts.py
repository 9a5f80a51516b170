"""How a patient can be reached, over HTTP: the badge staff see, never the number itself in a list of states."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from kernel.audit import record
from kernel.database import Database
from kernel.web.principal import allow, principal
from services.notify.queries.reach import reach_of
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
            items = [
                {
                    "channel": channel,
                    "known": reach.contact_point_id is not None,
                    "opted_out": reach.opted_out_at is not None,
                    "opted_out_at": reach.opted_out_at.isoformat() if reach.opted_out_at else None,
                    "dead": reach.dead,
                    "barrier": reach.barrier,
                }
                for channel, reach in reach_of(session, patient).items()
            ]
            record(session, principal().actor, "view_contacts", "patient", patient)
        return {"items": items, "next_cursor": None}

    return routes
