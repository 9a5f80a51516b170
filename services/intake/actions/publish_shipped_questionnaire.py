"""A new database gets the questionnaire this service ships."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.publish_questionnaire import publish_questionnaire
from services.intake.model import QuestionnaireVersion
from services.intake.questionnaires import HEADACHE_SPINE, shipped_questionnaire


def publish_shipped_questionnaire(session: Session) -> None:
    """Publish the questionnaire this service ships, unless that was done before."""
    if session.execute(
        select(QuestionnaireVersion.number).where(QuestionnaireVersion.form == HEADACHE_SPINE)
    ).first():
        return
    publish_questionnaire(session, Actor("system", "intake"), shipped_questionnaire())
