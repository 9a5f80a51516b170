"""Throw an edited questionnaire away."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.intake.model import QuestionnaireDraft


def discard_questionnaire_draft(session: Session, actor: Actor, draft: QuestionnaireDraft) -> None:
    """Delete the draft; what was published of it stays."""
    record(session, actor, "discard_questionnaire_draft", "questionnaire_draft", draft.id)
    session.delete(draft)
