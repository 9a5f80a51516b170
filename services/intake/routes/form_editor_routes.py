"""Editing questionnaires over HTTP: check, draft, difference, preview document, publish."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.intake.actions.publish_questionnaire_draft import CannotPublish, publish_questionnaire_draft
from services.intake.actions.save_questionnaire_draft import save_questionnaire_draft
from services.intake.model import QuestionnaireDraft
from services.intake.queries.forms import current_form
from services.intake.queries.rulebook import current_rulebook
from services.intake.routes.list_queries import EmptyIn
from services.intake.rules.compare_forms import compare_forms, untranslated
from services.intake.rules.read_questionnaire import QuestionnaireRefused, read_questionnaire
from services.intake.schemas import AnyOut, QuestionnaireIn

EDITS = {"manager", "nurse"}


def form_editor_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of the form editor."""
    routes = APIBlueprint("form_editor", __name__)

    @routes.post("/questionnaires/check")
    @allow(roles=EDITS, scopes={"intake:write"}, services=True)
    @routes.input(QuestionnaireIn)
    @routes.output(AnyOut)
    @routes.doc(extensions={STORES_NOTHING: True})
    def check(json_data: QuestionnaireIn) -> Any:
        """Would this FHIR Questionnaire be taken, and what of it would not be honoured? Nothing is stored."""
        form = _compiled(json_data)
        return {
            "questionnaire": form.questionnaire,
            "pages": len(form.pages),
            "items": len(form.by_id),
            "variables": form.variables(),
            "not_honoured": list(form.not_honoured),
            "untranslated": untranslated(form),
        }

    @routes.post("/questionnaire-drafts")
    @allow(roles=EDITS)
    @routes.input(QuestionnaireIn)
    @routes.output(AnyOut, status_code=201)
    def begin(json_data: QuestionnaireIn) -> Any:
        """Begin a draft from a whole document: an edited version or an import."""
        who = principal()

        def deed(session: Session) -> Reply:
            form = _compiled(json_data)
            published = current_form(session, form.url)
            based_on = published.version if published else ""
            draft = save_questionnaire_draft(session, who.actor, json_data.model_dump(), based_on=based_on)
            return _reply(session, draft, 201)

        return once(database, who.client, deed).as_flask()

    @routes.get("/questionnaire-drafts/<draft_id>")
    @allow(roles=EDITS)
    @routes.output(AnyOut)
    def read(draft_id: str) -> Any:
        """The draft, what differs from the published version, and its document to preview."""
        with database.transaction() as session:
            return _reply(session, _draft(session, draft_id), 200).as_flask()

    @routes.put("/questionnaire-drafts/<draft_id>")
    @allow(roles=EDITS)
    @routes.input(QuestionnaireIn)
    @routes.output(AnyOut)
    def change(draft_id: str, json_data: QuestionnaireIn) -> Any:
        """Replace the draft's document; If-Match keeps two editors from overwriting one another."""
        who = principal()

        def deed(session: Session) -> Reply:
            draft = _draft(session, draft_id)
            require_match(draft.version, changed_by=draft.changed_by)
            _compiled(json_data)
            save_questionnaire_draft(session, who.actor, json_data.model_dump(), draft=draft)
            return _reply(session, draft, 200)

        return once(database, who.client, deed).as_flask()

    @routes.post("/questionnaire-drafts/<draft_id>/publish")
    @allow(roles={"manager"})
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def publish(draft_id: str, json_data: EmptyIn) -> Any:
        """Make the draft the version patients answer; refused while a rule needs a question it drops."""
        who = principal()

        def deed(session: Session) -> Reply:
            draft = _draft(session, draft_id)
            require_match(draft.version, changed_by=draft.changed_by)
            try:
                publish_questionnaire_draft(session, who.actor, draft, current_rulebook(session))
            except CannotPublish as refusal:
                raise conflict(
                    "cannot_publish",
                    "This questionnaire cannot go to patients yet.",
                    lost_variables=refusal.lost,
                    untranslated=refusal.untranslated[:50],
                    version_taken=refusal.version_taken,
                ) from None
            return _reply(session, draft, 200)

        return once(database, who.client, deed).as_flask()

    return routes


def _compiled(given: QuestionnaireIn) -> Any:
    try:
        return read_questionnaire(given.model_dump())
    except QuestionnaireRefused as refused:
        raise invalid([FieldProblem(one.path, one.code) for one in refused.refusals[:100]]) from None


def _draft(session: Session, draft_id: str) -> QuestionnaireDraft:
    found = parse_id(draft_id)
    draft = session.get(QuestionnaireDraft, found, with_for_update=True) if found else None
    if draft is None:
        raise not_found("questionnaire draft")
    return draft


def _reply(session: Session, draft: QuestionnaireDraft, status: int) -> Reply:
    session.flush()
    form = read_questionnaire(draft.document)
    body = {
        "id": str(draft.id),
        "version": draft.version,
        "questionnaire": form.questionnaire,
        "based_on": draft.based_on,
        "published_as": draft.published_as or None,
        "not_honoured": list(form.not_honoured),
        "untranslated": untranslated(form),
        "changes": compare_forms(current_form(session, form.url), form),
        "document": draft.document,
        "changed_by": draft.changed_by,
        "changed_at": draft.changed_at.isoformat(),
    }
    return Reply(body, status, {"ETag": etag(draft.version)})
