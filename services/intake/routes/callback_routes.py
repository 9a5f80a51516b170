"""Call-back tasks over HTTP: the staff board lists them, a person takes one on and closes it."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import Problem, conflict, not_found
from services.intake.actions.acknowledge_callback_task import acknowledge_callback_task
from services.intake.actions.close_callback_task import close_callback_task
from services.intake.model import CallbackTask, Patient
from services.intake.queries.callback_tasks import list_tasks, task_with_patient
from services.intake.queries.cursors import BadCursor
from services.intake.routes.list_queries import CallbacksQuery, EmptyIn
from services.intake.rules.callback_states import NotPossible
from services.intake.rules.on_call import who_acts
from services.intake.schemas import AnyOut, CloseIn

CLINICAL = {"nurse", "provider"}
SEES = {"nurse", "provider", "front_desk", "therapist", "manager"}


def callback_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/callback-tasks`."""
    routes = APIBlueprint("callback_tasks", __name__)

    @routes.get("/callback-tasks")
    @allow(roles=SEES, services=True)
    @routes.input(CallbacksQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def listed(query: CallbacksQuery) -> Any:
        """Call-backs that wait (`state=open`, the default, with those taken on) or are done, most urgent first."""
        with database.transaction() as session:
            try:
                rows, cursor = list_tasks(session, query.state, query.limit, query.cursor)
            except BadCursor:
                raise Problem(400, "cursor", "The cursor is not one this list gave out.") from None
            record(
                session,
                principal().actor,
                "view_callback_tasks",
                "callback_task",
                "-",
                details={"n": len(rows)},
            )
            role = principal().actor.role
            return {
                "items": [_shown(session, task, patient, role) for task, patient in rows],
                "next_cursor": cursor,
            }

    @routes.get("/callback-tasks/<task_id>")
    @allow(roles=SEES, services=True)
    @routes.output(AnyOut)
    def read(task_id: str) -> Any:
        """One call-back."""
        with database.transaction() as session:
            task, patient = _find(session, task_id, lock=False)
            record(session, principal().actor, "view_callback_task", "callback_task", task.id)
            return _shown(session, task, patient, principal().actor.role), 200, {"ETag": etag(task.version)}

    @routes.post("/callback-tasks/<task_id>/acknowledge")
    @allow(roles=CLINICAL)
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def acknowledge(task_id: str, json_data: EmptyIn) -> Any:
        """Take a call-back on."""
        who = principal()

        def deed(session: Session) -> Reply:
            task, patient = _find(session, task_id, lock=True)
            require_match(task.version, state=task.state)
            try:
                acknowledge_callback_task(session, who.actor, task)
            except NotPossible as refusal:
                raise _refused(refusal) from None
            return _reply(session, task, patient, who.actor.role)

        return once(database, who.client, deed).as_flask()

    @routes.post("/callback-tasks/<task_id>/close")
    @allow(roles=CLINICAL)
    @routes.input(CloseIn)
    @routes.output(AnyOut)
    def close(task_id: str, json_data: CloseIn) -> Any:
        """Close a call-back with its outcome."""
        who = principal()

        def deed(session: Session) -> Reply:
            task, patient = _find(session, task_id, lock=True)
            require_match(task.version, state=task.state)
            try:
                close_callback_task(session, who.actor, task, json_data.outcome_code, json_data.note)
            except NotPossible as refusal:
                raise _refused(refusal) from None
            return _reply(session, task, patient, who.actor.role)

        return once(database, who.client, deed).as_flask()

    return routes


def _find(session: Session, task_id: str, *, lock: bool) -> tuple[CallbackTask, Patient]:
    found = parse_id(task_id)
    row = task_with_patient(session, found, lock=lock) if found else None
    if row is None:
        raise not_found("call-back task")
    return row


def _refused(refusal: NotPossible) -> Exception:
    return conflict(
        "not_possible_now",
        "The task's state does not allow that.",
        state=refusal.state,
        allowed=list(refusal.allowed),
    )


def _reply(session: Session, task: CallbackTask, patient: Patient, role: str) -> Reply:
    session.flush()
    return Reply(_shown(session, task, patient, role), 200, {"ETag": etag(task.version)})


def _shown(session: Session, task: CallbackTask, patient: Patient, role: str) -> dict[str, Any]:
    """A task as JSON. Those who book but do not treat see that it is urgent, not why."""
    clinical = role not in ("front_desk", "manager")
    given, family, born, phone = patient.given_name, patient.family_name, patient.birth_date, patient.phone
    moment = now(session)
    return {
        "id": str(task.id),
        "version": task.version,
        "submission_id": str(task.submission_id),
        "patient_id": str(task.patient_id),
        "patient": {
            "name": f"{given.reveal() if given else ''} {family.reveal() if family else ''}".strip(),
            "birth_date": born.reveal() if born else None,
            "phone": phone.reveal() if phone else None,
            "language": patient.language,
        },
        "action": task.action,
        "flags": (task.flags.reveal() if task.flags else []) if clinical else [],
        "state": task.state,
        "opened_at": task.opened_at.isoformat(),
        "due_at": task.due_at.isoformat(),
        "acknowledge_by": task.acknowledge_by.isoformat() if task.acknowledge_by else None,
        "late": task.state != "done" and task.due_at <= moment,
        "with": who_acts(task.escalation),
        "escalation": task.escalation,
        "acknowledged_by": task.acknowledged_by or None,
        "acknowledged_at": task.acknowledged_at.isoformat() if task.acknowledged_at else None,
        "outcome_code": task.outcome_code or None,
        "note": (task.note.reveal() if task.note else None) if clinical else None,
        "closed_at": task.closed_at.isoformat() if task.closed_at else None,
    }
