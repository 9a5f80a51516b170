"""Keep a questionnaire that is being edited."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.intake.model import QuestionnaireDraft
from services.intake.rules.read_questionnaire import read_questionnaire


def save_questionnaire_draft(
    session: Session,
    actor: Actor,
    document: Mapping[str, Any],
    *,
    draft: QuestionnaireDraft | None = None,
    based_on: str = "",
) -> QuestionnaireDraft:
    """Store `document` as a new draft, or as the next state of `draft`.

    Raises `QuestionnaireRefused`, with the path of every mistake; a draft always can be previewed.
    """
    form = read_questionnaire(document)
    if draft is None:
        draft = QuestionnaireDraft(id=new_id(), based_on=based_on, version=0, published_as="")
    draft.form = form.url
    draft.document = dict(document)
    draft.version += 1
    draft.changed_by, draft.changed_at = actor.id, now(session)
    session.add(draft)
    record(session, actor, "save_questionnaire_draft", "questionnaire_draft", draft.id)
    return draft
