"""One question of a draft as a page of plain fields: words in both languages, answers, limits, when it is asked."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.dashboard.actions.change_form_draft import change_form_draft
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.desk import Desk, actor, id_or_404, sent_version, staff_only
from services.dashboard.routes.form_drafts import read_form_draft
from services.dashboard.routes.form_list import EDITS
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.form_conditions import condition_rows, may_ask_about, read_conditions
from services.dashboard.rules.form_edit import (
    KINDS,
    base_language,
    find,
    new_link_id,
    placed,
    replaced,
    variable_of,
)
from services.dashboard.rules.form_item import MAY_BOUND, MAY_MEASURE, item_fields, read_item
from services.dashboard.rules.form_options import BLANK_OPTIONS, CODED, may_offer
from services.dashboard.rules.form_refusals import refusal_words

PLACES = ("after", "into")
LANGUAGE_WORDS = {"en": "English", "es": "Spanish"}
OPTION_HINTS = {"date": "Year, month and day: 2026-01-31.", "time": "Hours and minutes: 08:30."}


def form_item_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of one question."""
    routes = Blueprint("form_items", __name__)

    @routes.get("/staff/questionnaires/drafts/<draft_id>/item")
    @staff_only(EDITS)
    def item(draft_id: str) -> Any:
        """The page of `?item=`, or of a new item to come `?after=` another or `?into=` a group."""
        with opening("draft"):
            draft = read_form_draft(desk, draft_id)
        return _page(draft, _named(draft["document"], request.args.get("item", "")))

    @routes.post("/staff/questionnaires/drafts/<draft_id>/item")
    @staff_only(EDITS)
    def save(draft_id: str) -> Any:
        back = url_for("form_drafts.draft", draft_id=draft_id)
        try:
            draft = read_form_draft(desk, draft_id)
        except OwnerAway as away:
            return show_away(away, back)
        document, link_id = draft["document"], request.form.get("item", "")
        made = _read(document, _named(document, link_id))
        if request.form.get("press") != "save":
            # Another kind, another question to depend on, more lines: drawn anew, nothing stored.
            return _page(draft, made)
        if not link_id:
            words = request.form.get("text.en") or request.form.get("text.es") or ""
            made = {**made, "linkId": new_link_id(document, words)}
            places = {name: request.form.get(name, "") for name in PLACES}
            changed = placed(document, made, after=places["after"], into=places["into"])
        else:
            changed = replaced(document, link_id, made)
        try:
            change_form_draft(
                desk.patient_owners,
                actor(),
                changed,
                key=request.form.get("key", ""),
                draft_id=id_or_404(draft_id),
                version=sent_version(),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            if refusal.status != 422:
                return show_refusal(desk, refusal, back, "Save")
            return _page(draft, made, problems=refusal_words(refusal.body, refusal.title)), 422
        return redirect(url_for("form_drafts.draft", draft_id=draft_id, at=made["linkId"], press="edit"), 303)

    return routes


def _named(document: dict[str, Any], link_id: str) -> dict[str, Any]:
    if not link_id:
        kind = request.values.get("kind", "choice")
        return {"linkId": "", "type": kind if kind in KINDS else "choice"}
    found = find(document, link_id)
    if found is None:
        raise not_found("question")
    return found[0]


def _read(document: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    form = request.form
    made = read_item(before, form, base_language(document))
    whens = read_conditions(document, form, before.get("enableWhen") or [])
    for key in ("enableWhen", "enableBehavior"):
        made.pop(key, None)
    if whens:
        made["enableWhen"] = whens
    if len(whens) > 1:
        made["enableBehavior"] = "any" if form.get("any") == "yes" else "all"
    return made


def _page(draft: dict[str, Any], item: dict[str, Any], *, problems: list[str] | None = None) -> str:
    document, link_id = draft["document"], str(item.get("linkId") or "")
    base = base_language(document)
    fields = item_fields(item, base)
    variable = variable_of(item)
    asked_for = read_whole(request.form.get("options", ""), 999) or 0
    options = fields["options"]
    more = (
        BLANK_OPTIONS
        if request.form.get("press") == "more" or asked_for <= len(options)
        else asked_for - len(options)
    )
    return render_template(
        "form_item.html",
        draft=draft,
        item=item,
        link_id=link_id,
        fields=fields,
        kinds=KINDS,
        option_lines=options + [{"code": "", "en": "", "es": ""}] * more,
        whens=condition_rows(document, item.get("enableWhen") or []),
        askable=may_ask_about(document, link_id),
        may_offer=may_offer(fields["kind"], options),
        offers_codes=fields["kind"] in CODED,
        # The words of a date, a time or a number are the same in every language.
        option_languages={
            code: words
            for code, words in LANGUAGE_WORDS.items()
            if fields["kind"] in CODED | {"string"} or code == (base if base in LANGUAGE_WORDS else "en")
        },
        option_hint=OPTION_HINTS.get(fields["kind"], ""),
        may_bound=fields["kind"] in MAY_BOUND,
        may_measure=fields["kind"] in MAY_MEASURE,
        variable=variable,
        rules=(draft.get("read_by") or {}).get(variable, []),
        places={name: request.values.get(name, "") for name in PLACES},
        problems=problems or [],
    )
