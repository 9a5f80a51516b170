"""Publish an edited questionnaire as the next version."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.publish_questionnaire import publish_questionnaire
from services.intake.model import QuestionnaireDraft
from services.intake.queries.forms import current_form
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.compare_forms import lost_variables, untranslated
from services.intake.rules.form import Form
from services.intake.rules.read_questionnaire import read_questionnaire


class CannotPublish(Exception):
    """The draft may not go to patients: `lost` variables a rule needs, texts not `untranslated`, or version taken."""

    def __init__(self, *, lost: list[str], untranslated: list[str], version_taken: bool = False) -> None:
        super().__init__("the questionnaire cannot be published")
        self.lost = lost
        self.untranslated = untranslated
        self.version_taken = version_taken


def publish_questionnaire_draft(
    session: Session, actor: Actor, draft: QuestionnaireDraft, rulebook: Rulebook
) -> Form:
    """Make the draft the version patients answer from now on; answers begun on an older one end on it.

    Raises `CannotPublish`.
    """
    form = read_questionnaire(draft.document)
    before = current_form(session, form.url)
    read_by_rules = set(rulebook.protocol.variables)
    lost = lost_variables(form, read_by_rules, before.variables() if before else ())
    missing = untranslated(form)
    if lost or missing:
        raise CannotPublish(lost=lost, untranslated=missing)
    if publish_questionnaire(session, actor, draft.document) is None:
        raise CannotPublish(lost=[], untranslated=[], version_taken=True)
    draft.published_as = form.version
    draft.version += 1
    return form
