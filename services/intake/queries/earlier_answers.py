"""What the patient answered last time, for the questions of one page that are still the same."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.model import Submission
from services.intake.queries.drafts import Draft
from services.intake.rules.check_value import fault
from services.intake.rules.form import Item, answers_in


def earlier_answers(session: Session, draft: Draft, page: Item) -> dict[str, Any]:
    """Answers of the patient's last finished submission of this form that still fit `page`; {} without one."""
    found = (
        select(Submission)
        .where(
            Submission.patient_id == draft.submission.patient_id,
            Submission.form == draft.submission.form,
            Submission.state.in_(("submitted", "stopped")),
        )
        .order_by(Submission.started_at.desc())
        .limit(1)
    )
    last = session.scalars(found).first()
    content = last.content if last is not None else None
    items = content.reveal().get("items", {}) if content is not None else {}
    return {
        item.link_id: items[item.link_id]
        for item in answers_in(page)
        if item.link_id in items
        and item.kind != "attachment"
        and not item.hidden
        and fault(item, items[item.link_id]) is None
    }
