"""When each contact is on call, over HTTP."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.notify.actions.add_duty_turns import BadTurn, add_duty_turns
from services.notify.actions.end_duty_turn import end_duty_turn
from services.notify.routes.staff_contacts import KEEPS, held_contact
from services.notify.schemas import DutyTurnsIn, EmptyIn, RecordOut


def duty_turn_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/staff-contacts/<id>/turns`."""
    routes = APIBlueprint("duty_turns", __name__)

    @routes.post("/staff-contacts/<contact_id>/turns")
    @allow(roles=KEEPS)
    @routes.input(DutyTurnsIn)
    @routes.output(RecordOut, status_code=201)
    def add(contact_id: str, json_data: DutyTurnsIn) -> Any:
        """Keep turns: from the first on, the contact is on call in its turns alone."""
        who = principal()

        def deed(session: Session) -> Reply:
            contact = held_contact(session, contact_id)
            turns = [(one.starts_at, one.ends_at) for one in json_data.turns]
            try:
                kept = add_duty_turns(session, who.actor, contact, turns)
            except BadTurn as bad:
                raise invalid([FieldProblem(f"turns[{bad.place}].ends_at", bad.code)]) from None
            answer = {
                "id": str(contact.id),
                "turns": [str(one.id) for one in kept],
                "version": contact.version,
            }
            return Reply(answer, 201, {"ETag": etag(contact.version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/staff-contacts/<contact_id>/turns/<turn_id>/end")
    @allow(roles=KEEPS)
    @routes.input(EmptyIn)
    @routes.output(RecordOut)
    def end(contact_id: str, turn_id: str, json_data: EmptyIn) -> Any:
        """Take a turn out; one that runs ends now."""
        who = principal()

        def deed(session: Session) -> Reply:
            contact = held_contact(session, contact_id)
            found = parse_id(turn_id)
            if found is None or not end_duty_turn(session, who.actor, contact, found):
                raise not_found("turn on call")
            answer = {"id": str(contact.id), "version": contact.version}
            return Reply(answer, 200, {"ETag": etag(contact.version)})

        return once(database, who.client, deed).as_flask()

    return routes
