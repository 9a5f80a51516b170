"""How a patient can be reached, over HTTP: the badge staff see, never the number itself in a list of states."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.database import Database
from kernel.ids import parse_id
from kernel.personal import Personal
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.notify.actions.opt_on_request import opt_on_request
from services.notify.model import Patient
from services.notify.queries.contact_requests import requests_of, topics_of
from services.notify.queries.reach import reach_of
from services.notify.routes.list_queries import ContactsQuery
from services.notify.schemas import ItemsOut, MessagesRequestIn, RecordOut

SEES = {"front_desk", "nurse", "therapist", "provider", "manager"}
TAKES_REQUESTS = {"front_desk", "nurse", "provider", "manager"}
SHORTEST_NOTE = 10
WHY_NOT = {
    "no_contact": "The patient has no number or address on that channel.",
    "opted_out": "Everything is stopped there. When they want messages again, start everything, then stop topics.",
}


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
            items: list[dict[str, Any]] = [
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
            topics = topics_of(session, patient)
            known = session.get(Patient, patient)
            spoke_at = known.told_by_staff_at if known is not None else None
            for item in items:
                item["topics"] = topics.get(item["channel"], {})
                item["requests"] = requests_of(session, patient, item["channel"])
                item["staff_spoke_at"] = spoke_at.isoformat() if spoke_at else None
            record(session, principal().actor, "view_contacts", "patient", patient)
        return {"items": items, "next_cursor": None}

    @routes.post("/patients/<patient_id>/messages-request")
    @allow(roles=TAKES_REQUESTS)
    @routes.input(MessagesRequestIn)
    @routes.output(RecordOut)
    def ask(patient_id: str, json_data: MessagesRequestIn) -> Any:
        """Keep what this patient asked for about messages, and do it at once; a start needs a note of their words."""
        who = principal()
        if json_data.deed == "start" and len(json_data.note) < SHORTEST_NOTE:
            raise invalid([FieldProblem("note", "too_short")])

        def deed(session: Session) -> Reply:
            found = parse_id(patient_id)
            if found is None or session.get(Patient, found) is None:
                raise not_found("patient")
            why_not = opt_on_request(
                session,
                who.actor,
                found,
                json_data.channel,
                json_data.deed,
                topics=set(json_data.topics),
                how=json_data.how,
                note=Personal(json_data.note),
            )
            if why_not:
                raise conflict(why_not, WHY_NOT[why_not])
            return Reply({"patient_id": str(found)}, 200)

        return once(database, who.client, deed).as_flask()

    return routes
