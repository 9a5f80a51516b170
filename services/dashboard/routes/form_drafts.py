"""One draft of a questionnaire: its outline, its checks, moving, previewing, publishing with the difference."""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from kernel.web.headers import CONTENT_SECURITY_POLICY
from kernel.web.problems import not_found
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.actions.change_form_draft import change_form_draft
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.questionnaires import form_draft, form_preview
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, sent_version, staff_only
from services.dashboard.routes.form_list import EDITS
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.form_edit import base_language, moved, outline, removed
from services.dashboard.rules.form_texts import set_text, text_in
from services.dashboard.rules.roles import MANAGER

CHANGED_WORDS = {
    "text": "words",
    "help": "help",
    "kind": "kind of answer",
    "required": "must be answered",
    "repeats": "several answers",
    "options": "answers to pick",
    "conditions": "when it is asked",
    "any_condition": "when it is asked",
    "enabled_by": "when it is asked",
    "calculated": "how it is worked out",
    "variable": "what it fills",
    "title": "title",
    "prefix": "number in front",
    "codes": "codes",
    "units": "units",
    "minimum": "least allowed",
    "maximum": "most allowed",
    "max_length": "longest allowed",
    "min_length": "shortest allowed",
    "pattern": "how it must be written",
    "entry_format": "hint on how to write it",
    "max_decimals": "decimals",
    "min_rows": "how many answers at least",
    "max_rows": "how many answers at most",
    "offers_not_sure": "“Not sure”",
    "offers_none": "“None of these”",
    "initial": "what stands there at first",
    "begun": "what stands there at first",
    "hidden": "hidden or shown",
    "read_only": "only shown",
    "control": "how it is shown",
    "horizontal": "how it is shown",
    "step": "steps of the slider",
    "other_label": "words for another answer",
    "max_bytes": "size of files",
    "media_types": "kinds of files",
}


def form_draft_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of one draft."""
    routes = Blueprint("form_drafts", __name__)
    _add_reads(routes, desk)
    _add_writes(routes, desk)
    return routes


def read_form_draft(desk: Desk, draft_id: str) -> dict[str, Any]:
    """The draft; 404 when there is none. Raises `OwnerAway`."""
    try:
        return form_draft(desk.patient_owners, actor(), id_or_404(draft_id))
    except OwnerRefused:
        raise not_found("draft") from None


def _add_reads(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/staff/questionnaires/drafts/<draft_id>")
    @staff_only(EDITS)
    def draft(draft_id: str) -> Any:
        with opening("draft"):
            found = read_form_draft(desk, draft_id)
        document = found["document"]
        base = base_language(document)
        return render_template(
            "form_draft.html",
            draft=found,
            rows=outline(document),
            titles={one: text_in(document, "title", one, base) for one in ("en", "es")},
            words={**_words_of(outline(document)), "": "The questionnaire"},
            changed={one["link_id"]: one for one in found["changes"] if one["change"] != "removed"},
            changed_words=_in_words,
            read_by=found.get("read_by") or {},
            may_publish=me().role == MANAGER,
            at=request.args.get("at", ""),
            press=request.args.get("press", ""),
        )

    @routes.get("/staff/questionnaires/drafts/<draft_id>/preview")
    @staff_only(EDITS)
    def preview(draft_id: str) -> Any:
        """The patients' own pages in two frames: as wide as a phone, and as a desktop."""
        with opening("draft"):
            found = form_preview(desk.patient_owners, actor(), id_or_404(draft_id))
        language = "es" if request.args.get("lang") == "es" else "en"
        names = [one["name"] for one in found["pages"]]
        page = request.args.get("page", "")
        page = page if page in names else names[0] if names else ""
        answer = make_response(
            render_template(
                "form_preview.html",
                draft_id=draft_id,
                pages=found["pages"],
                page=page,
                lang=language,
                address=f"{found['path']}{page}?lang={language}",
            )
        )
        policy = CONTENT_SECURITY_POLICY.replace(
            "default-src 'none';", "default-src 'none'; frame-src 'self';"
        )
        answer.headers["Content-Security-Policy"] = policy
        return answer


def _in_words(changed: list[str]) -> str:
    """What changed of a question, each thing once."""
    return ", ".join(dict.fromkeys(CHANGED_WORDS.get(one, one) for one in changed))


def _words_of(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["link_id"]: row["en"] or row["es"] or row["link_id"] for row in rows}


def _add_writes(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/staff/questionnaires/drafts/<draft_id>")
    @staff_only(EDITS)
    def change(draft_id: str) -> Any:
        """Move or take out one item, or change the title; the rest of the document stays as it was."""
        press, link_id = request.form.get("press", ""), request.form.get("item", "")
        try:
            document = read_form_draft(desk, draft_id)["document"]
        except OwnerAway as away:
            return show_away(away, url_for("form_drafts.draft", draft_id=draft_id))
        if press in ("up", "down"):
            document = moved(document, link_id, -1 if press == "up" else 1)
        elif press == "remove":
            document = removed(document, link_id)
        elif press == "title":
            base = base_language(document)
            for language in ("en", "es"):
                set_text(document, "title", language, base, request.form.get(f"title.{language}", "").strip())
        onward = url_for("form_drafts.draft", draft_id=draft_id)
        if press in ("up", "down"):
            onward = url_for("form_drafts.draft", draft_id=draft_id, at=link_id, press=press)
        return store(desk, draft_id, document, onward)

    @routes.post("/staff/questionnaires/drafts/<draft_id>/publish")
    @staff_only({MANAGER})
    def publish(draft_id: str) -> Any:
        return _deed(desk, draft_id, "publish", "Publish", url_for("forms.forms"))

    @routes.post("/staff/questionnaires/drafts/<draft_id>/discard")
    @staff_only(EDITS)
    def discard(draft_id: str) -> Any:
        return _deed(desk, draft_id, "discard", "Throw away", url_for("forms.forms"))


def store(desk: Desk, draft_id: str, document: dict[str, Any], onward: str) -> Any:
    """Replace the draft's document with the form's key and version, then go on; or show what stood in the way."""
    back = url_for("form_drafts.draft", draft_id=draft_id)
    try:
        change_form_draft(
            desk.patient_owners,
            actor(),
            document,
            key=request.form.get("key", ""),
            draft_id=id_or_404(draft_id),
            version=sent_version(),
        )
    except OwnerAway as away:
        return show_away(away, back)
    except OwnerRefused as refusal:
        return show_refusal(desk, refusal, back, "Save")
    return redirect(onward, 303)


def _deed(desk: Desk, draft_id: str, deed: str, words: str, onward: str) -> Any:
    back = url_for("form_drafts.draft", draft_id=draft_id)
    try:
        ask_owner(
            desk.patient_owners,
            actor(),
            "intake",
            f"/questionnaire-drafts/{id_or_404(draft_id)}/{deed}",
            {},
            key=request.form.get("key", ""),
            version=sent_version(),
        )
    except OwnerAway as away:
        return show_away(away, back)
    except OwnerRefused as refusal:
        if refusal.code == "cannot_publish":
            return render_template("form_refused.html", problem=refusal.body, back=back), 409
        return show_refusal(desk, refusal, back, words)
    return redirect(onward, 303)
