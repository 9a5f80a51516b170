"""Red flags on a saved page: remembered for ever, and a call-back task opened in the same transaction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.logs import log
from kernel.rows import add_row
from services.intake.actions.alert_staff import alert_staff
from services.intake.model import CallbackTask, Submission
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.harm_words import is_about_self_harm

URGENT = ("E", "S")


def record_flags(
    session: Session, actor: Actor, submission: Submission, rulebook: Rulebook, flags: Sequence[Any]
) -> str | None:
    """Add `flags` to what this submission has shown; return the most urgent action true now: E, S or None.

    A flag whose answer is changed later stays on the submission, and its task stays open: a person closes it.
    """
    seen = submission.flags
    earlier = seen.reveal() if seen is not None else []
    merged = sorted({*earlier, *(flag.id for flag in flags)})
    if merged != earlier:
        submission.flags = merged
    for action in URGENT:
        raised = [flag for flag in flags if flag.action == action]
        if raised:
            _open_task(session, actor, submission, rulebook=rulebook, action=action, flags=raised)
    return next((action for action in URGENT if any(flag.action == action for flag in flags)), None)


def _open_task(
    session: Session,
    actor: Actor,
    submission: Submission,
    *,
    rulebook: Rulebook,
    action: str,
    flags: list[Any],
) -> None:
    moment = now(session)
    minutes = [int(flag.document["ack_minutes"]) for flag in flags if flag.document.get("ack_minutes")]
    if any(is_about_self_harm(flag) for flag in flags):
        # Thoughts of self-harm are acknowledged by a named person in this time whatever their level.
        minutes.append(15)
    acknowledge_by = moment + timedelta(minutes=min(minutes)) if minutes else None
    task = None
    if submission.version > 1:
        asked = select(CallbackTask).where(
            CallbackTask.submission_id == submission.id, CallbackTask.action == action
        )
        task = session.scalars(asked.with_for_update()).first()
    ids = [flag.id for flag in flags]
    if task is not None:
        known = task.flags.reveal() if task.flags else []
        merged = sorted({*known, *ids})
        if merged != known:
            task.flags = merged
            task.version += 1
            if task.state == "done":
                # Something new since it was closed: it needs a person again.
                task.state, task.opened_at, task.closed_at = "open", moment, None
                task.due_at = moment + timedelta(minutes=rulebook.minutes[action])
                alert_staff(session, task, submission.preferred_site)
            if acknowledge_by and task.acknowledge_by is None:
                task.acknowledge_by = acknowledge_by
        return
    task = CallbackTask(
        id=new_id(),
        version=1,
        submission_id=submission.id,
        patient_id=submission.patient_id,
        action=action,
        state="open",
        opened_at=moment,
        due_at=moment + timedelta(minutes=rulebook.minutes[action]),
        acknowledge_by=acknowledge_by,
    )
    task.flags = sorted(ids)
    add_row(session, task)
    record(
        session,
        actor,
        "open_callback_task",
        "callback_task",
        task.id,
        reason=action,
        details={"flags": len(ids)},
    )
    alert_staff(session, task, submission.preferred_site)
    log().info("callback_task_opened", id=str(task.id), action=action)
