"""Published questionnaires, compiled; an answer set always renders on the version it was given on."""

import threading
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.database import address_of
from services.intake.model import QuestionnaireDraft, QuestionnaireVersion
from services.intake.rules.form import Form
from services.intake.rules.read_questionnaire import read_questionnaire

LOOK_AGAIN_SECONDS = 2.0
_compiled: dict[tuple[str, str, str], Form] = {}
_newest: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


def current_form(session: Session, form: str) -> Form | None:
    """Return the newest published version of `form`, or None when none is published."""
    place = address_of(session)
    looked_at, version = _newest.get((place, form), (0.0, ""))
    if not version or time.monotonic() - looked_at >= LOOK_AGAIN_SECONDS:
        newest = (
            select(QuestionnaireVersion.version)
            .where(QuestionnaireVersion.form == form)
            .order_by(QuestionnaireVersion.number.desc())
            .limit(1)
        )
        found = session.scalars(newest).first()
        if found is None:
            return None
        version = found
        _newest[(place, form)] = (time.monotonic(), version)
    return form_at(session, form, version)


def form_at(session: Session, form: str, version: str) -> Form | None:
    """Return one published version, compiled; published versions never change, so it is kept."""
    key = (address_of(session), form, version)
    held = _compiled.get(key)
    if held is not None:
        return held
    document = questionnaire_document(session, form, version)
    if document is None:
        return None
    with _lock:
        return _compiled.setdefault(key, read_questionnaire(document))


def questionnaire_document(session: Session, form: str, version: str) -> dict[str, Any] | None:
    """Return the FHIR document as it was published."""
    stored = session.get(QuestionnaireVersion, (form, version))
    return None if stored is None else stored.document


def published_versions(session: Session, form: str | None, limit: int) -> list[QuestionnaireVersion]:
    """Published versions, newest first; of one form, when it is named."""
    found = select(QuestionnaireVersion).order_by(
        QuestionnaireVersion.published_at.desc(),
        QuestionnaireVersion.form,
        QuestionnaireVersion.number.desc(),
    )
    if form is not None:
        found = found.where(QuestionnaireVersion.form == form)
    return list(session.scalars(found.limit(limit)))


def open_drafts(session: Session) -> list[QuestionnaireDraft]:
    """Edited questionnaires that were not published, last changed first."""
    found = select(QuestionnaireDraft).where(QuestionnaireDraft.published_as == "")
    return list(session.scalars(found.order_by(QuestionnaireDraft.changed_at.desc()).limit(100)))
