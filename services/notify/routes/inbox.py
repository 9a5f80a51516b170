"""The inbox of replies over HTTP."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply as Stored
from kernel.web.idempotency import once
from kernel.web.principal import allow, principal
from kernel.web.problems import conflict, not_found
from services.notify.actions.answer_reply import answer_reply
from services.notify.actions.close_reply import close_reply
from services.notify.actions.confirm_by_staff import confirm_by_staff
from services.notify.queries.inbox import inbox_page, one_reply
from services.notify.queries.readable import read_sealed
from services.notify.routes.list_queries import InboxQuery
from services.notify.routes.page_arguments import page_place
from services.notify.schemas import AnswerIn, CloseIn, EmptyIn, ItemsOut, RecordOut

SEES = {"front_desk", "nurse", "provider", "manager"}
WHY_NOT = {
    "not_open": "This reply has been dealt with already.",
    "nobody_known": "No patient is known by this number: call, or close it.",
    "opted_out": "This number takes no texts from us: call instead.",
    "answered_today": "These words went to this number within a day: call, or close it.",
    "no_visit": "The visit they were asked about was moved, cancelled or has begun: look at the case.",
}
SEES_TEXT = {"nurse", "provider", "manager", "front_desk"}


def inbox_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/inbox`."""
    routes = APIBlueprint("inbox", __name__)

    @routes.get("/inbox")
    @allow(roles=SEES, services=True)
    @routes.input(InboxQuery, location="query", arg_name="query")
    @routes.output(ItemsOut)
    def listed(query: InboxQuery) -> Any:
        """Replies that wait for a person (`state=open`, the default) or are dealt with (`closed`)."""
        place = page_place()
        with database.transaction() as session:
            rows, cursor = inbox_page(session, query.state, place, query.limit, sites=principal().actor.sites)
            record(session, principal().actor, "view_inbox", "reply", "-", details={"n": len(rows)})
            return {"items": [_shown(row) for row in rows], "next_cursor": cursor}

    @routes.get("/inbox/<reply_id>")
    @allow(roles=SEES, services=True)
    @routes.output(RecordOut)
    def read(reply_id: str) -> Any:
        """One reply."""
        with database.transaction() as session:
            row = _find(session, reply_id)
            record(session, principal().actor, "view_reply", "reply", row.id)
            return _shown(row), 200, {"ETag": etag(row.version)}

    @routes.post("/inbox/<reply_id>/close")
    @allow(roles=SEES)
    @routes.input(CloseIn)
    @routes.output(RecordOut)
    def close(reply_id: str, json_data: CloseIn) -> Any:
        """Close a reply with an outcome code; texts to its number go on when nothing of it is unread."""
        who = principal()

        def deed(session: Session) -> Stored:
            row = _find(session, reply_id)
            require_match(row.version, state=row.state)
            if not close_reply(session, who.actor, row.id, json_data.outcome):
                raise conflict("not_open", "This reply has been dealt with already.", state=row.state)
            closed = _find(session, reply_id)
            return Stored(_shown(closed), 200, {"ETag": etag(closed.version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/inbox/<reply_id>/answer")
    @allow(roles=SEES)
    @routes.input(AnswerIn)
    @routes.output(RecordOut)
    def answer(reply_id: str, json_data: AnswerIn) -> Any:
        """Answer with one of the clinic's quick texts, in the patient's language, and close the reply."""
        return _dealt_with(
            reply_id, lambda session, who, row: answer_reply(session, who, row.id, json_data.text)
        )

    @routes.post("/inbox/<reply_id>/confirm")
    @allow(roles=SEES)
    @routes.input(EmptyIn)
    @routes.output(RecordOut)
    def confirm(reply_id: str, json_data: EmptyIn) -> Any:
        """Take the reply for a yes: its visit is confirmed as if it had been a C, and the reply closed."""
        return _dealt_with(reply_id, lambda session, who, row: confirm_by_staff(session, who, row.id))

    def _dealt_with(reply_id: str, act: Callable[[Session, Actor, Any], str]) -> Any:
        who = principal()

        def deed(session: Session) -> Stored:
            row = _find(session, reply_id)
            require_match(row.version, state=row.state)
            why_not = act(session, who.actor, row)
            if why_not:
                raise conflict(why_not, WHY_NOT[why_not], state=row.state)
            done = _find(session, reply_id)
            return Stored(_shown(done), 200, {"ETag": etag(done.version)})

        return once(database, who.client, deed).as_flask()

    return routes


def _find(session: Session, reply_id: str) -> Any:
    found = parse_id(reply_id)
    row = one_reply(session, found, principal().actor.sites) if found else None
    if row is None:
        raise not_found("reply")
    return row


def _shown(row: Any) -> dict[str, Any]:
    sealed, unreadable = read_sealed(
        {
            "names": (row.names_sealed, f"notify.patient.names_sealed.{row.patient_id}"),
            "address": (row.address_sealed, f"notify.contact_point.address_sealed.{row.contact_point_id}"),
            "text": (row.text_sealed, f"notify.reply.text_sealed.{row.id}"),
        }
    )
    names = sealed["names"] or {}
    return {
        "id": str(row.id),
        "channel": row.channel,
        "patient_id": str(row.patient_id) if row.patient_id else None,
        "patient_name": " ".join(filter(None, (names.get("given"), names.get("family")))) or None,
        "language": row.language,
        "address": sealed["address"],
        "appointment_id": str(row.appointment_id) if row.appointment_id else None,
        "appointment_version": row.appointment_version,
        "text": sealed["text"],
        "unreadable": unreadable,
        "meaning": row.meaning,
        "rule": row.rule,
        "pictures": int((row.hint or {}).get("pictures", 0)),
        "hint": row.hint,
        "state": row.state,
        "why_open": row.why_open,
        "held": row.held_at is not None,
        "opted_out": row.opted_out_at is not None,
        "received_at": row.received_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "closed_by": row.closed_by,
        "outcome": row.outcome,
        "version": row.version,
    }
