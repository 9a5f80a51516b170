"""A new database gets the questionnaire this service ships; so does one that still asks an older shipped one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.publish_questionnaire import publish_questionnaire
from services.intake.model import QuestionnaireVersion
from services.intake.questionnaires import HEADACHE_SPINE, SHIPPED_VERSION, shipped_questionnaire

US = Actor("system", "intake")


def publish_shipped_questionnaire(session: Session) -> None:
    """Publish the questionnaire this service ships, unless that was done before or the clinic published its own.

    Open drafts end on the version they were begun on.
    """
    newest = (
        select(QuestionnaireVersion.version, QuestionnaireVersion.published_by)
        .where(QuestionnaireVersion.form == HEADACHE_SPINE)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    if found is None or (found.published_by == US.id and found.version != SHIPPED_VERSION):
        publish_questionnaire(session, US, shipped_questionnaire())
