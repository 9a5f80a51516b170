"""The list of patients a person must call."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.intake.model import CallbackTask, Patient
from services.intake.queries.cursors import make_cursor, read_cursor


def list_tasks(
    session: Session, state: Literal["open", "done"] | str, limit: int, cursor: str | None
) -> tuple[list[tuple[CallbackTask, Patient]], str | None]:
    """One page of waiting tasks by due time, or of done ones newest first. Raises `BadCursor`."""
    rows = select(CallbackTask, Patient).join(Patient, Patient.id == CallbackTask.patient_id)
    key = tuple_(CallbackTask.due_at, CallbackTask.id)
    after = read_cursor(cursor) if cursor else None
    if state == "done":
        rows = rows.where(CallbackTask.state == "done").order_by(
            CallbackTask.due_at.desc(), CallbackTask.id.desc()
        )
        rows = rows.where(key < after) if after else rows
    else:
        rows = rows.where(CallbackTask.state != "done").order_by(CallbackTask.due_at, CallbackTask.id)
        rows = rows.where(key > after) if after else rows
    found = [(task, patient) for task, patient in session.execute(rows.limit(limit + 1))]
    more = len(found) > limit
    found = found[:limit]
    return found, make_cursor(found[-1][0].due_at, found[-1][0].id) if more else None


def task_with_patient(session: Session, task_id: UUID, *, lock: bool) -> tuple[CallbackTask, Patient] | None:
    """One task and its patient; `lock` keeps others from changing it meanwhile."""
    rows = select(CallbackTask, Patient).join(Patient, Patient.id == CallbackTask.patient_id)
    rows = rows.where(CallbackTask.id == task_id)
    found = session.execute(rows.with_for_update(of=CallbackTask) if lock else rows).first()
    return (found[0], found[1]) if found else None
