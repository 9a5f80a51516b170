"""One item of a draft on a page of its own: its clauses and limits with typed inputs, tried before they are saved."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.protocol import SECTIONS, find_item, items_of, read_draft, try_item
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, sent_version, staff_only
from services.dashboard.routes.item_page import item_page
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.clause_form import first_clause, unfinished
from services.dashboard.rules.item_forms import SIGNED, drawn_item, fresh_item, read_item, stored_item
from services.dashboard.rules.roles import CLINICAL, PROVIDER
from services.dashboard.rules.times import local

NEW = "new"


@dataclass(frozen=True)
class At:
    """Which item of which draft a request is about; `before` is the item as the draft has it, or a fresh one."""

    draft: dict[str, Any]
    section: str
    item_id: str
    before: dict[str, Any]
    is_new: bool

    def place(self, item: dict[str, Any]) -> tuple[str, str]:
        """Where the owner puts the item: tie-breaks and rankings have a place, everything else its own code."""
        named = self.section in ("tie_breaks", "ranking")
        return self.section, self.item_id if named else str(item.get("id") or "")


def protocol_item_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of item editing."""
    routes = Blueprint("protocol_items", __name__)

    @routes.get("/staff/protocol/drafts/<draft_id>/<section>/<item_id>")
    @staff_only(CLINICAL)
    def item(draft_id: str, section: str, item_id: str) -> Any:
        with opening("draft"):
            at = _at(desk, draft_id, section, item_id)
        if at.is_new and item_id != NEW:
            raise not_found("item")
        fresh = dict(at.before)
        if at.is_new and section == "rules":
            asked = request.args.get("route")
            if asked in [one["id"] for one in items_of(at.draft["document"], "routes")]:
                fresh["route"] = asked
        return item_page(at.draft, section, fresh, is_new=at.is_new)

    @routes.post("/staff/protocol/drafts/<draft_id>/<section>/<item_id>")
    @staff_only(CLINICAL)
    def change(draft_id: str, section: str, item_id: str) -> Any:
        try:
            at = _at(desk, draft_id, section, item_id)
        except OwnerAway as away:
            # The page that offers the same press again keeps every field of the form.
            return show_away(away, url_for("protocol_drafts.draft", draft_id=draft_id, section=section))
        variables = {str(one["id"]): one for one in items_of(at.draft["document"], "variables")}
        press = request.form.get("press", "save")
        form = {name: request.form.getlist(name) for name in request.form}
        try:
            made = read_item(form, at.before, section, variables)
        except ValueError as why:
            # What was typed is drawn again as it was typed, whatever it was.
            return _not_read(at, form, str(why))
        drawn = drawn_item(made, section, press, first_clause(variables))
        if drawn is not None:
            return _drawn(desk, at, drawn, tried=press == "check")
        if press != "delete" and unfinished(made, variables):
            problem = "A clause compares with a number that is not there. Type the number."
            return item_page(at.draft, section, made, is_new=at.is_new, problem=problem)
        if at.is_new and find_item(at.draft["document"], section, str(made.get("id") or "")):
            problem = f"There is a {made.get('id')} already. Choose another code, or change that one."
            return item_page(at.draft, section, made, is_new=True, problem=problem)
        if press == "sign" and me().role == PROVIDER:
            made["signoff"] = {
                **(made.get("signoff") or {"required": True}),
                "by": me().name,
                "on": local(business_now()).date().isoformat(),
            }
        elif made != at.before and section in SIGNED:
            # A signature is for the words signed: any change takes it off.
            made["signoff"] = {**(made.get("signoff") or {"required": True}), "by": None, "on": None}
        return _save(desk, at, made, delete=press == "delete")

    return routes


def _save(desk: Desk, at: At, made: dict[str, Any], *, delete: bool) -> Any:
    draft_id = at.draft["id"]
    back = url_for("protocol_drafts.draft", draft_id=draft_id, section=at.section)
    place = at.place(made)
    body = {"section": place[0], "id": place[1], "item": None if delete else stored_item(made, at.section)}
    try:
        change_protocol(
            desk.patient_owners,
            actor(),
            f"/drafts/{draft_id}/items",
            body,
            key=request.form.get("key", ""),
            version=sent_version() or 0,
        )
    except OwnerAway as away:
        return show_away(away, back)
    except OwnerRefused as refusal:
        if delete or refusal.status not in (412, 422):
            return show_refusal(desk, refusal, back, "Save")
        return _refused(desk, at, made, refusal)
    return redirect(back + f"#item-{made.get('id')}", 303)


def _refused(desk: Desk, at: At, made: dict[str, Any], refusal: OwnerRefused) -> Any:
    """The page again with all that was typed, why it was not saved, and what the draft says by now."""
    if refusal.status == 422:
        faults = [
            f"{one.get('field') or 'this item'}: {one.get('message') or one.get('code')}"
            for one in refusal.body.get("errors") or []
        ]
        problem = " ".join([refusal.title, *faults[:5]])
        return item_page(at.draft, at.section, made, is_new=at.is_new, problem=problem)
    try:
        fresh = _at(desk, str(at.draft["id"]), at.section, at.item_id)
    except OwnerAway as away:
        back = url_for("protocol_drafts.draft", draft_id=at.draft["id"], section=at.section)
        return show_away(away, back)
    same = fresh.before == at.before
    problem = "Someone changed this draft after you opened it. What you typed is kept below; " + (
        "they did not change this item. Save again to add yours."
        if same
        else "this item may have changed too. Saving again puts yours in its place."
    )
    return item_page(fresh.draft, at.section, made, is_new=fresh.is_new, problem=problem, status=412)


def _not_read(at: At, form: dict[str, list[str]], why: str) -> Any:
    if "text" in form:
        return item_page(at.draft, at.section, at.before, is_new=at.is_new, text=form["text"][0], problem=why)
    kept = {name: values[0] for name, values in form.items() if values}
    typed: dict[str, Any] = {**at.before, **{name: kept[name] for name in at.before if name in kept}}
    typed |= {
        name: kept[name] for name in ("unit", "min", "max", "type", "filled_by", "at_most") if name in kept
    }
    if "label_en" in kept:
        typed["label"] = {"en": kept["label_en"], "es": kept.get("label_es", "")}
    if "values" in kept:
        typed["values"] = kept["values"].splitlines()
    if "groups" in form:
        typed["groups"] = form["groups"]
    return item_page(at.draft, at.section, typed, is_new=at.is_new, problem=why)


def _drawn(desk: Desk, at: At, item: dict[str, Any], *, tried: bool) -> Any:
    """The page again after a press that stores nothing; after `check` with what the draft would be like."""
    checks = None
    if tried:
        draft_id = id_or_404(str(at.draft["id"]))
        try:
            checks = try_item(
                desk.patient_owners, actor(), draft_id, at.place(item), stored_item(item, at.section)
            )
        except OwnerAway:
            checks = {"late": True}
        except OwnerRefused as refusal:
            checks = {"refused": refusal.title}
    return item_page(at.draft, at.section, item, is_new=at.is_new, checks=checks, unsaved=True)


def _at(desk: Desk, draft_id: str, section: str, item_id: str) -> At:
    if section not in dict(SECTIONS):
        raise not_found("section")
    try:
        draft = read_draft(desk.patient_owners, actor(), id_or_404(draft_id))
    except OwnerRefused:
        raise not_found("draft") from None
    document = draft["document"]
    found = find_item(document, section, item_id)
    if found is None and section == "ranking":
        # There are two orders, and no third is added: a form for one would be taken and change nothing.
        raise not_found("item")
    variables = {str(one["id"]): one for one in items_of(document, "variables")}
    return At(draft, section, item_id, found or fresh_item(section, variables), found is None)
