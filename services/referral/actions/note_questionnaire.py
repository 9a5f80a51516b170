"""Remember which variables a questionnaire version asks, so that the linter can name those nobody asks."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.questionnaire_published import QuestionnairePublished
from services.referral.model.protocol import AskedVariables


def note_questionnaire(session: Session, published: QuestionnairePublished) -> None:
    """Store the questionnaire's variables; a version is published once, so a repeat changes nothing."""
    row = {
        "questionnaire": published.questionnaire,
        "variables": published.variables,
        "published_at": now(session),
    }
    session.execute(insert(AskedVariables).values(**row).on_conflict_do_nothing())
