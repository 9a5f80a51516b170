"""Make a questionnaire version answerable."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.questionnaire_published import QuestionnairePublished
from kernel.outbox import emit
from services.intake.model import QuestionnaireVersion
from services.intake.rules.form import Form
from services.intake.rules.read_questionnaire import read_questionnaire


def publish_questionnaire(session: Session, actor: Actor, document: Mapping[str, Any]) -> Form | None:
    """Store `document` for ever and tell the others. Returns None when that version was published before.

    Raises `QuestionnaireRefused` when it cannot be asked.
    """
    form = read_questionnaire(document)
    number = select(func.coalesce(func.max(QuestionnaireVersion.number), 0) + 1).where(
        QuestionnaireVersion.form == form.url
    )
    stored = session.execute(
        insert(QuestionnaireVersion)
        .values(
            form=form.url,
            version=form.version,
            number=number.scalar_subquery(),
            document=dict(document),
            variables=form.variables(),
            published_by=actor.id,
            published_at=now(session),
        )
        .on_conflict_do_nothing()
        .returning(QuestionnaireVersion.version)
    ).first()
    if stored is None:
        return None
    record(session, actor, "publish_questionnaire", "questionnaire", form.questionnaire)
    told = QuestionnairePublished(questionnaire=form.questionnaire, variables=form.variables())
    emit(session, "questionnaire_published", form.questionnaire, told)
    return form
