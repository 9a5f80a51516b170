"""A questionnaire version can be answered: keep the variables it asks."""

from sqlalchemy.orm import Session

from kernel.contracts.questionnaire_published import QuestionnairePublished
from kernel.events import Event
from services.referral.actions.note_questionnaire import note_questionnaire


def on_questionnaire_published(session: Session, event: Event) -> None:
    """Keep what the questionnaire asks."""
    note_questionnaire(session, QuestionnairePublished.model_validate(event.data))
