"""Whom the clinic alerts, over HTTP."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.notify.actions.add_staff_contact import add_staff_contact
from services.notify.actions.change_staff_contact import NoWay, change_staff_contact
from services.notify.actions.end_staff_contact import end_staff_contact
from services.notify.model import StaffContact
from services.notify.queries.duty_turns import turns_to_come
from services.notify.queries.readable import read_sealed
from services.notify.schemas import EmptyIn, ItemsOut, RecordOut, StaffContactChangeIn, StaffContactIn

KEEPS = {"manager", "admin"}
ACTIVE = """
SELECT s.id, s.name_sealed, s.role, s.sites, s.on_call, s.position, s.version,
    p.id AS phone_id, p.address_sealed AS phone_sealed, e.id AS email_id,
    e.address_sealed AS email_sealed
FROM staff_contact s LEFT JOIN contact_point p ON p.id = s.phone_point_id
LEFT JOIN contact_point e ON e.id = s.email_point_id
WHERE s.active ORDER BY s.role, s.position, s.added_at, s.id LIMIT 200
"""


def staff_contact_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/staff-contacts`."""
    routes = APIBlueprint("staff_contacts", __name__)

    @routes.get("/staff-contacts")
    @allow(roles=KEEPS)
    @routes.output(ItemsOut)
    def listed() -> Any:
        """Everyone who is alerted, by role, with their turns on call that are not over."""
        with database.transaction() as session:
            rows = session.execute(text(ACTIVE)).all()
            kept, turns = turns_to_come(session, now(session))
            record(session, principal().actor, "view_staff_contacts", "staff_contact", "-")
        shown = [
            {
                **_shown(row),
                "by_turns": row.id in kept,
                "turns": [
                    {
                        "id": str(one.id),
                        "starts_at": one.starts_at.isoformat(),
                        "ends_at": one.ends_at.isoformat(),
                    }
                    for one in turns.get(row.id, ())
                ],
            }
            for row in rows
        ]
        return {"items": shown, "next_cursor": None}

    @routes.post("/staff-contacts")
    @allow(roles=KEEPS)
    @routes.input(StaffContactIn)
    @routes.output(RecordOut, status_code=201)
    def add(json_data: StaffContactIn) -> Any:
        """Add a person or a duty phone; a phone or an e-mail address is needed."""
        if not json_data.phone and not json_data.email:
            raise invalid([FieldProblem("phone", "or_email_is_needed")])
        who = principal()

        def deed(session: Session) -> Reply:
            contact_id = add_staff_contact(session, who.actor, **json_data.model_dump())
            return Reply({"id": str(contact_id)}, 201)

        return once(database, who.client, deed).as_flask()

    @routes.post("/staff-contacts/<contact_id>")
    @allow(roles=KEEPS)
    @routes.input(StaffContactChangeIn)
    @routes.output(RecordOut)
    def change(contact_id: str, json_data: StaffContactChangeIn) -> Any:
        """Change a contact; what the body leaves out stays."""
        who = principal()
        changes = {k: v for k, v in json_data.model_dump(exclude_unset=True).items() if v is not None}

        def deed(session: Session) -> Reply:
            contact = held_contact(session, contact_id)
            try:
                change_staff_contact(session, who.actor, contact, changes)
            except NoWay:
                raise invalid([FieldProblem("phone", "or_email_is_needed")]) from None
            answer = {"id": str(contact.id), "version": contact.version}
            return Reply(answer, 200, {"ETag": etag(contact.version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/staff-contacts/<contact_id>/end")
    @allow(roles=KEEPS)
    @routes.input(EmptyIn)
    @routes.output(RecordOut)
    def end(contact_id: str, json_data: EmptyIn) -> Any:
        """Alert this contact no more."""
        who = principal()

        def deed(session: Session) -> Reply:
            contact = held_contact(session, contact_id)
            end_staff_contact(session, who.actor, contact)
            return Reply({"id": str(contact.id)}, 200)

        return once(database, who.client, deed).as_flask()

    return routes


def held_contact(session: Session, contact_id: str) -> StaffContact:
    """The contact, held, at the version the caller has seen. Raises 404, and 428 or 412 as `require_match` does."""
    found = parse_id(contact_id)
    contact = session.get(StaffContact, found, with_for_update=True) if found else None
    if contact is None or not contact.active:
        raise not_found("staff contact")
    require_match(contact.version)
    return contact


def _shown(row: Any) -> dict[str, Any]:
    point = "notify.contact_point.address_sealed"
    sealed, unreadable = read_sealed(
        {
            "name": (row.name_sealed, f"notify.staff_contact.name_sealed.{row.id}"),
            "phone": (row.phone_sealed, f"{point}.{row.phone_id}"),
            "email": (row.email_sealed, f"{point}.{row.email_id}"),
        }
    )
    return {
        "id": str(row.id),
        "role": row.role,
        "sites": row.sites,
        "on_call": row.on_call,
        "position": row.position,
        "version": row.version,
        "unreadable": unreadable,
        **sealed,
    }
