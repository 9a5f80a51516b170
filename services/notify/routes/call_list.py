"""The call list over HTTP: what a person must do because a message could not."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import conflict, not_found
from services.notify.actions.close_item import close_item
from services.notify.actions.record_contact import record_contact
from services.notify.queries.call_list import call_list_page, one_item
from services.notify.queries.readable import read_sealed
from services.notify.routes.list_queries import CallListQuery
from services.notify.routes.page_arguments import page_place
from services.notify.schemas import CloseItemIn, EmptyIn, ItemsOut, RecordOut

SEES = {"front_desk", "nurse", "provider", "manager"}


def call_list_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/call-list` and `/patients/<id>/spoken`."""
    routes = APIBlueprint("call_list", __name__)

    @routes.get("/call-list")
    @allow(roles=SEES, services=True)
    @routes.input(CallListQuery, location="query", arg_name="query")
    @routes.output(ItemsOut)
    def listed(query: CallListQuery) -> Any:
        """Items that wait (`state=open`, the default) or are dealt with; `kind` narrows them."""
        place = page_place()
        with database.transaction() as session:
            rows, cursor = call_list_page(
                session,
                query.state,
                query.kind,
                place,
                query.limit,
                sites=principal().actor.sites,
                without=query.without,
            )
            record(session, principal().actor, "view_call_list", "staff_item", "-", details={"n": len(rows)})
            return {"items": [_shown(row) for row in rows], "next_cursor": cursor}

    @routes.get("/call-list/<item_id>")
    @allow(roles=SEES, services=True)
    @routes.output(RecordOut)
    def read(item_id: str) -> Any:
        """One item."""
        with database.transaction() as session:
            row = _find(session, item_id)
            record(session, principal().actor, "view_call_item", "staff_item", row.id)
            return _shown(row), 200, {"ETag": etag(row.version)}

    @routes.post("/call-list/<item_id>/close")
    @allow(roles=SEES)
    @routes.input(CloseItemIn)
    @routes.output(RecordOut)
    def close(item_id: str, json_data: CloseItemIn) -> Any:
        """Close an item; a new `phone` or `email` plans the coming messages again."""
        who = principal()

        def deed(session: Session) -> Reply:
            row = _find(session, item_id)
            require_match(row.version, state=row.state)
            closed = close_item(
                session, who.actor, row.id, json_data.outcome, phone=json_data.phone, email=json_data.email
            )
            if not closed:
                raise conflict("not_open", "This item has been dealt with already.", state=row.state)
            after = _find(session, item_id)
            return Reply(_shown(after), 200, {"ETag": etag(after.version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/patients/<patient_id>/spoken")
    @allow(roles={"front_desk", "nurse", "therapist", "provider"})
    @routes.input(EmptyIn)
    @routes.output(RecordOut)
    def spoken(patient_id: str, json_data: EmptyIn) -> Any:
        """Say that you have just spoken with this patient; reminders of the next day are then needless."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(patient_id)
            if found is None or not record_contact(session, who.actor, found):
                raise not_found("patient")
            return Reply({"patient_id": str(found)}, 200)

        return once(database, who.client, deed).as_flask()

    return routes


def _find(session: Session, item_id: str) -> Any:
    found = parse_id(item_id)
    row = one_item(session, found, principal().actor.sites) if found else None
    if row is None:
        raise not_found("item")
    return row


def _shown(row: Any) -> dict[str, Any]:
    point = "notify.contact_point.address_sealed"
    sealed, unreadable = read_sealed(
        {
            "names": (row.names_sealed, f"notify.patient.names_sealed.{row.patient_id}"),
            "address": (row.address_sealed, f"{point}.{row.contact_point_id}"),
            "phone": (row.phone_sealed, f"{point}.{row.phone_id}"),
        }
    )
    names = sealed["names"] or {}
    return {
        "id": str(row.id),
        "kind": row.kind,
        "code": row.code,
        "patient_id": str(row.patient_id) if row.patient_id else None,
        "patient_name": " ".join(filter(None, (names.get("given"), names.get("family")))) or None,
        "language": row.language,
        "channel": row.channel,
        "address": sealed["address"],
        "phone": sealed["phone"],
        "unreadable": unreadable,
        "appointment_id": str(row.appointment_id) if row.appointment_id else None,
        "visit_starts_at": row.starts_at.isoformat() if row.starts_at else None,
        "visit_state": row.visit_state,
        "site_name": row.facts["site"]["name"] if row.facts else None,
        "next_message_due_at": row.next_due_at.isoformat() if row.next_due_at else None,
        "state": row.state,
        "opened_at": row.opened_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "closed_by": row.closed_by,
        "outcome": row.outcome,
        "version": row.version,
    }
