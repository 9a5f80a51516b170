"""Questionnaires: what patients answer now, drafts, import of a FHIR document."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kernel.exact_json import dumps_for_people
from kernel.web.problems import not_found
from services.dashboard.actions.change_form_draft import change_form_draft
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.questionnaires import (
    form_draft,
    form_drafts,
    published_document,
    published_forms,
)
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.form_edit import next_version
from services.dashboard.rules.form_refusals import refusal_words
from services.dashboard.rules.form_texts import set_text
from services.dashboard.rules.read_import import LARGEST, read_import
from services.dashboard.rules.roles import MANAGER, NURSE

EDITS = frozenset({MANAGER, NURSE})
Rows = list[dict[str, Any]]


def form_list_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the list of questionnaires."""
    routes = Blueprint("forms", __name__)

    @routes.get("/staff/questionnaires")
    @staff_only(EDITS)
    def forms() -> Any:
        who = actor()
        return render_template(
            "forms.html",
            published=part(lambda: published_forms(desk.owners, who), Rows()),
            drafts=part(lambda: form_drafts(desk.owners, who), Rows()),
            problems=[],
        )

    @routes.post("/staff/questionnaires/drafts")
    @staff_only(EDITS)
    def begin() -> Any:
        """A draft from the version in force, or from an empty form with a title."""
        back, form = url_for("forms.forms"), request.form.get("form", "")
        try:
            document = published_document(desk.patient_owners, actor(), form) if form else _empty()
            if document is None:
                raise not_found("questionnaire")
            if form:
                document = {**document, "version": next_version(str(document.get("version") or "1"))}
            key = request.form.get("key", "")
            made = change_form_draft(desk.patient_owners, actor(), document, key=key)
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Start a draft")
        return redirect(url_for("form_drafts.draft", draft_id=made["id"]), 303)

    @routes.post("/staff/questionnaires/import")
    @staff_only(EDITS)
    def import_document() -> Any:
        """A draft from a FHIR R4 Questionnaire; what is wrong with it is told with its place."""
        sent, who = request.files.get("document"), actor()
        raw = sent.read(LARGEST + 1) if sent is not None else b""
        document, problems = read_import(raw)
        if not problems:
            try:
                made = change_form_draft(desk.patient_owners, who, document, key=request.form.get("key", ""))
                return redirect(url_for("form_drafts.draft", draft_id=made["id"]), 303)
            except OwnerAway as away:
                return show_away(away, url_for("forms.forms"))
            except OwnerRefused as refusal:
                problems = refusal_words(refusal.body, refusal.title)
        page = render_template(
            "forms.html",
            published=part(lambda: published_forms(desk.owners, who), Rows()),
            drafts=part(lambda: form_drafts(desk.owners, who), Rows()),
            problems=problems,
        )
        return page, 422

    @routes.get("/staff/questionnaires/drafts/<draft_id>/export")
    @staff_only(EDITS)
    def export(draft_id: str) -> Any:
        try:
            found = form_draft(desk.patient_owners, actor(), id_or_404(draft_id))
        except (OwnerAway, OwnerRefused):
            raise not_found("draft") from None
        content = dumps_for_people(found["document"])
        answer = Response(content, mimetype="application/fhir+json")
        answer.headers["Content-Disposition"] = f'attachment; filename="questionnaire-{draft_id[:8]}.json"'
        return answer

    return routes


def _empty() -> dict[str, Any]:
    title = request.form.get("title", "").strip()[:200] or "New questionnaire"
    spanish = request.form.get("title_es", "").strip()[:200]
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in title.casefold()).strip("-") or "form"
    document: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "language": "en",
        "url": f"https://waymark.example/fhir/Questionnaire/{name[:60]}",
        "version": "1",
        "title": title,
        "status": "active",
        "subjectType": ["Patient"],
        "publisher": me().name,
        "item": [{"linkId": "first", "type": "group", "text": title, "item": []}],
    }
    if spanish:
        set_text(document, "title", "es", "en", spanish)
        set_text(document["item"][0], "text", "es", "en", spanish)
    return document
