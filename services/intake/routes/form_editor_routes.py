"""Editing questionnaires over HTTP: check, draft, difference, preview document, publish."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.exact_answers import answer_exactly
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.intake.actions.discard_questionnaire_draft import discard_questionnaire_draft
from services.intake.actions.publish_questionnaire_draft import CannotPublish, publish_questionnaire_draft
from services.intake.actions.save_questionnaire_draft import save_questionnaire_draft
from services.intake.model import QuestionnaireDraft
from services.intake.queries.draft_checks import check_draft
from services.intake.queries.forms import current_form, open_drafts
from services.intake.queries.rulebook import current_rulebook
from services.intake.routes.list_queries import EmptyIn
from services.intake.routes.preview_pages import preview_token
from services.intake.rules.compare_forms import compare_forms, untranslated
from services.intake.rules.form import in_language
from services.intake.rules.read_questionnaire import QuestionnaireRefused, read_questionnaire
from services.intake.rules.rules_that_read import rules_that_read
from services.intake.schemas import AnyOut, QuestionnaireIn

EDITS = {"manager", "nurse"}


def form_editor_routes(database: Database, secret_key: str) -> APIBlueprint:
    """Return the blueprint of the form editor; `secret_key` signs the addresses of previews."""
    routes = APIBlueprint("form_editor", __name__)
    _add_reads(routes, database, secret_key)

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

        return answer_exactly(once(database, who.client, deed))

    @routes.post("/questionnaire-drafts/<draft_id>/discard")
    @allow(roles=EDITS)
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def discard(draft_id: str, json_data: EmptyIn) -> Any:
        """Throw the draft away."""
        who = principal()

        def deed(session: Session) -> Reply:
            draft = _draft(session, draft_id)
            require_match(draft.version, changed_by=draft.changed_by)
            discard_questionnaire_draft(session, who.actor, draft)
            return Reply({"id": str(draft.id), "discarded": True}, 200)

        return once(database, who.client, deed).as_flask()

    @routes.get("/questionnaire-drafts/<draft_id>")
    @allow(roles=EDITS)
    @routes.output(AnyOut)
    def read(draft_id: str) -> Any:
        """The draft, what differs from the published version, and its document to preview."""
        with database.transaction() as session:
            return answer_exactly(_reply(session, _draft(session, draft_id), 200))

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

        return answer_exactly(once(database, who.client, deed))

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
                title = "This questionnaire cannot go to patients yet."
                raise conflict("cannot_publish", title, **refusal.as_json()) from None
            return _reply(session, draft, 200)

        return answer_exactly(once(database, who.client, deed))

    return routes


def _add_reads(routes: APIBlueprint, database: Database, secret_key: str) -> None:
    @routes.get("/questionnaire-drafts")
    @allow(roles=EDITS)
    @routes.output(AnyOut)
    def listed() -> Any:
        """Drafts that were not published yet, last changed first."""
        with database.transaction() as session:
            items = [
                {
                    "id": str(one.id),
                    "form": one.form,
                    "title": str(one.document.get("title") or one.form)[:200],
                    "proposed_version": str(one.document.get("version") or "1"),
                    "based_on": one.based_on,
                    "changed_by": one.changed_by,
                    "changed_at": one.changed_at.isoformat(),
                }
                for one in open_drafts(session)
            ]
            return {"items": items, "next_cursor": None}

    @routes.get("/questionnaire-drafts/<draft_id>/preview")
    @allow(roles=EDITS)
    @routes.output(AnyOut)
    def preview(draft_id: str) -> Any:
        """Where the draft can be looked at as patients would see it, for an hour; pages in their order."""
        with database.transaction() as session:
            draft = _draft(session, draft_id)
            form = read_questionnaire(draft.document)
            token = preview_token(secret_key, draft.id)
            pages = [
                {"name": page.name, "title": in_language(page.text, "en") or page.link_id}
                for page in form.pages
                if not page.hidden
            ]
            return {"path": f"/intake/preview/{token}/", "pages": pages}


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
    rulebook = current_rulebook(session)
    checks = check_draft(session, form, draft.document, rulebook)
    body = {
        "id": str(draft.id),
        "version": draft.version,
        "questionnaire": form.questionnaire,
        "based_on": draft.based_on,
        "published_as": draft.published_as or None,
        "not_honoured": list(form.not_honoured),
        **checks.as_json(),
        "may_publish": checks.may_publish and not draft.published_as,
        "read_by": {
            name: [rule["id"] for rule in rules_that_read(rulebook.protocol, name)]
            for name in form.variables()
        },
        "changes": compare_forms(current_form(session, form.url), form),
        "document": draft.document,
        "changed_by": draft.changed_by,
        "changed_at": draft.changed_at.isoformat(),
    }
    return Reply(body, status, {"ETag": etag(draft.version)})
