"""The message log over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from kernel.audit import record
from kernel.database import Database
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.notify.queries.message_log import SHOWN_STATES, message_log, message_text, message_values
from services.notify.queries.templates import Templates, templates_in_force
from services.notify.routes.list_queries import MessagesQuery
from services.notify.routes.page_arguments import page_place
from services.notify.rules.compose import ClinicWords
from services.notify.schemas import ItemsOut

SEES_STATE = {"front_desk", "nurse", "therapist", "provider", "manager"}
# reliability.md §4.3: front desk and therapists see what became of a message, not what it said.
SEES_TEXT = {"nurse", "provider", "manager"}


def message_routes(database: Database, clinic: ClinicWords) -> APIBlueprint:
    """Return the blueprint of `/messages`."""
    routes = APIBlueprint("messages", __name__)

    @routes.get("/messages")
    @allow(roles=SEES_STATE, scopes={"notify:read"}, services=True)
    @routes.input(MessagesQuery, location="query", arg_name="query")
    @routes.output(ItemsOut)
    def listed(query: MessagesQuery) -> Any:
        """Messages of one visit (`appointment_id`) or one patient (`patient_id`), in planned order."""
        appointment = UUID(query.appointment_id) if query.appointment_id else None
        patient = UUID(query.patient_id) if query.patient_id else None
        if appointment is None and patient is None:
            raise invalid([FieldProblem("appointment_id", "or_patient_id_is_needed")])
        limit, place = query.limit, page_place()
        who = principal()
        with database.transaction() as session:
            rows, cursor = message_log(session, appointment, patient, place, limit, sites=who.actor.sites)
            templates = templates_in_force(session) if who.actor.role in SEES_TEXT else None
            about = "appointment" if appointment else "patient"
            record(session, who.actor, "view_messages", about, appointment or patient)
            items = [_shown(row) for row in rows]
            if templates is not None:
                for item, row in zip(items, rows, strict=True):
                    item.update(_words(row, clinic, templates))
        return {"items": items, "next_cursor": cursor}

    return routes


def _words(row: Any, clinic: ClinicWords, templates: Templates) -> dict[str, Any]:
    """Text and values; those that cannot be opened are None and named in `unreadable`: the log stays readable."""
    shown: dict[str, Any] = {"text": None, "values": None, "unreadable": []}
    reads: dict[str, Callable[[], Any]] = {
        "text": lambda: message_text(row, clinic, templates),
        "values": lambda: message_values(row),
    }
    for name, read in reads.items():
        try:
            shown[name] = read()
        except UnreadableField:
            log().error("field_unreadable", message=str(row.id), field=name)
            shown["unreadable"].append(name)
    return shown


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "patient_id": str(row.patient_id) if row.patient_id else None,
        "appointment_id": str(row.appointment_id) if row.appointment_id else None,
        "appointment_version": row.appointment_version,
        "step": row.step,
        "channel": row.channel,
        "language": row.language,
        "language_note": row.language_note,
        "template": row.template,
        "template_version": row.template_version,
        "planned_for": row.planned_for.isoformat(),
        "due_at": row.due_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "state": SHOWN_STATES.get(row.state, row.state),
        "reason": row.reason,
        "exempt": row.exempt,
        "attempts": row.attempts,
        "sent_at": _moment(row.sent_at),
        "delivered_at": _moment(row.delivered_at),
    }


def _moment(at: Any) -> str | None:
    return at.isoformat() if at is not None else None
