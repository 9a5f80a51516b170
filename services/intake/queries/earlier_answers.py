"""What the patient answered last time, for the questions of one page that are still the same."""

from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from services.intake.model import Submission
from services.intake.queries.drafts import Draft
from services.intake.queries.records_of import records_of
from services.intake.rules.answer_rows import as_asked
from services.intake.rules.check_value import fault
from services.intake.rules.form import Item, answers_in
from services.intake.rules.row_files import without_files

NEWEST = Submission.started_at.desc()


def earlier_answers(session: Session, draft: Draft, page: Item) -> dict[str, Any]:
    """Answers of the patient's last finished submission of this form that still fit `page`; {} without one."""
    last = session.scalars(select(Submission).where(*_finished(draft)).order_by(NEWEST).limit(1)).first()
    content = last.content if last is not None else None
    items = as_asked(draft.form, content.reveal().get("items", {}) if content is not None else {})
    return {
        item.link_id: without_files(item, items[item.link_id])
        for item in answers_in(page)
        if item.link_id in items
        and item.kind != "attachment"
        and not item.hidden
        and fault(item, items[item.link_id]) is None
    }


def has_earlier_answers(session: Session, draft: Draft) -> bool:
    """True when the patient finished this form before."""
    return bool(session.execute(select(exists().where(*_finished(draft)))).scalar())


def _finished(draft: Draft) -> tuple[ColumnElement[bool], ...]:
    """This form, finished by the patient under this record or one merged into it."""
    return (
        records_of(Submission.patient_id, draft.submission.patient_id),
        Submission.form == draft.submission.form,
        Submission.state.in_(("submitted", "stopped")),
    )
