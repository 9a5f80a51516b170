"""Publish an edited questionnaire as the next version."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.intake.actions.publish_questionnaire import publish_questionnaire
from services.intake.model import QuestionnaireDraft
from services.intake.queries.draft_checks import DraftChecks, check_draft
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.form import Form
from services.intake.rules.read_questionnaire import read_questionnaire


class CannotPublish(Exception):
    """The draft may not go to patients: `checks` say what a rule needs, what lacks a translation or a permission."""

    def __init__(self, checks: DraftChecks, *, version_taken: bool = False) -> None:
        super().__init__("the questionnaire cannot be published")
        self.checks = checks
        self.version_taken = version_taken

    def as_json(self) -> dict[str, Any]:
        return {**self.checks.as_json(), "version_taken": self.version_taken}


def publish_questionnaire_draft(
    session: Session, actor: Actor, draft: QuestionnaireDraft, rulebook: Rulebook
) -> Form:
    """Make the draft the version patients answer from now on; answers begun on an older one end on it.

    Raises `CannotPublish`.
    """
    form = read_questionnaire(draft.document)
    checks = check_draft(session, form, draft.document, rulebook)
    if not checks.may_publish:
        raise CannotPublish(checks)
    if publish_questionnaire(session, actor, draft.document) is None:
        raise CannotPublish(checks, version_taken=True)
    draft.published_as = form.version
    draft.version += 1
    draft.changed_at = now(session)
    return form
