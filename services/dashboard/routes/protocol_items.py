"""One rule, flag, marker, diagnosis, tie-break or question of a draft: its clauses with typed inputs."""

import json
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.protocol import SECTIONS, find_item, items_of, read_draft
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, sent_version, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.clause_form import GROUPS, first_clause, rows_of
from services.dashboard.rules.item_fields import BLOCKS, NUMBERS_TO_SHOW, read_fields, read_tie_break
from services.dashboard.rules.item_parts import (
    MORE,
    ONE_CONDITION,
    parts_of,
    read_parts,
    with_edit,
    with_part,
    without_part,
)
from services.dashboard.rules.question_form import FILLED_BY, TYPES, read_question
from services.dashboard.rules.roles import CLINICAL, PROVIDER
from services.dashboard.rules.times import local

# A clinician signs these; the rest has no clinical threshold of its own, or is signed with what names it.
SIGNED = ("red_flags", "rules", "modifiers", "diagnoses")
IN_A_CLAUSE = ("add", "group", "diagnosis", "rule", "wrap", "remove", "retype")


def protocol_item_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of item editing."""
    routes = Blueprint("protocol_items", __name__)

    @routes.get("/staff/protocol/drafts/<draft_id>/<section>/<item_id>")
    @staff_only(CLINICAL)
    def item(draft_id: str, section: str, item_id: str) -> Any:
        draft = _draft(desk, draft_id, section)
        found = find_item(draft["document"], section, item_id)
        if found is None and item_id != "new":
            raise not_found("item")
        fresh = _fresh(section)
        if section == "rules" and request.args.get("route") in [
            one["id"] for one in items_of(draft["document"], "routes")
        ]:
            fresh["route"] = request.args["route"]
        return _page(draft, section, found or fresh)

    @routes.post("/staff/protocol/drafts/<draft_id>/<section>/<item_id>")
    @staff_only(CLINICAL)
    def change(draft_id: str, section: str, item_id: str) -> Any:
        draft = _draft(desk, draft_id, section)
        document = draft["document"]
        before = find_item(document, section, item_id) or _fresh(section)
        variables = {str(one["id"]): one for one in items_of(document, "variables")}
        press = request.form.get("press", "save")
        try:
            made = _read_item(before, section, variables)
        except ValueError:
            return _page(
                draft,
                section,
                before,
                text=request.form.get("text", ""),
                problem="That is not valid JSON." if "text" in request.form else "A limit is not a number.",
            )
        drawn = _drawn(made, press, first_clause(variables))
        if drawn is not None:
            return _page(draft, section, drawn)
        if press == "sign" and me().role == PROVIDER:
            made["signoff"] = {
                **(made.get("signoff") or {"required": True}),
                "by": me().name,
                "on": local(business_now()).date().isoformat(),
            }
        elif made != before and section in SIGNED:
            # A signature is for the words signed: any change takes it off.
            made["signoff"] = {**(made.get("signoff") or {"required": True}), "by": None, "on": None}
        body = {
            "section": section,
            "id": item_id if section == "tie_breaks" else str(made.get("id") or ""),
            "item": None if press == "delete" else made,
        }
        back = url_for("protocol_drafts.draft", draft_id=draft_id, section=section)
        try:
            change_protocol(
                desk.patient_owners,
                actor(),
                f"/drafts/{draft['id']}/items",
                body,
                key=request.form.get("key", ""),
                version=sent_version() or 0,
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Save")
        return redirect(back + f"#item-{made.get('id')}", 303)

    return routes


def _draft(desk: Desk, draft_id: str, section: str) -> dict[str, Any]:
    if section not in dict(SECTIONS):
        raise not_found("section")
    try:
        return read_draft(desk.patient_owners, actor(), id_or_404(draft_id))
    except OwnerRefused:
        raise not_found("draft") from None


def _fresh(section: str) -> dict[str, Any]:
    leaf = {"variable": "fever", "operator": "eq", "value": True}
    made: dict[str, Any] = {"id": "", "name": "", "source": "", "status": "design"}
    if section == "variables":
        return {"id": "", "type": "bool", "label": {"en": "", "es": ""}}
    if section == "derived":
        return {
            "id": "",
            "kind": "years_between",
            "from": "birth_date",
            "to": "visit_date",
            "status": "design",
        }
    if section == "tie_breaks":
        return {"id": "", "if_dx": [], "primary": "", "status": "design", "rank": 99}
    if section in SIGNED:
        made["signoff"] = {"required": True, "by": None, "on": None}
    if section == "rules":
        made |= {"route": "physical_therapy", "priority": "P5"}
    elif section == "red_flags":
        made |= {"action": "U"}
    elif section == "modifiers":
        made |= {"add": ""}
    if section in ONE_CONDITION:
        return {**made, "when": leaf}
    return {**made, "criteria": [{"id": "A", **leaf}], "definite": ["A"]}


def _read_item(before: dict[str, Any], section: str, variables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    form = request.form
    if "text" in form:
        made = json.loads(form["text"])
        if not isinstance(made, dict):
            raise ValueError("an item is an object")
        return made
    if section == "variables":
        return read_question(form, before)
    lists = {name: form.getlist(name) for name in form}
    if section == "tie_breaks":
        return read_tie_break(lists, before)
    return read_parts(lists, read_fields(lists, before), section, variables)


def _drawn(item: dict[str, Any], press: str, clause: dict[str, Any]) -> dict[str, Any] | None:
    """The item as it is drawn again after a press that stores nothing; None for any other press."""
    deed, _, what = press.partition(":")
    if deed == "more":
        return with_part(item, what, clause)
    if deed == "drop":
        return without_part(item, what)
    if deed == "retype":
        return item
    if deed in IN_A_CLAUSE:
        key, _, path = what.partition("/")
        return with_edit(item, key, f"{deed}:{path}", clause)
    return None


def _page(
    draft: dict[str, Any], section: str, item: dict[str, Any], *, text: str = "", problem: str = ""
) -> Any:
    document = draft["document"]
    variables = {str(one["id"]): one for one in items_of(document, "variables")}
    body = render_template(
        "protocol_tie_break.html" if section == "tie_breaks" else "protocol_item.html",
        draft=draft,
        section=section,
        section_words=dict(SECTIONS)[section],
        item=item,
        parts=[
            (part, rows_of(part.condition, variables, part.key))
            for part in ([] if section in ("variables", "derived") else parts_of(item, section))
        ],
        more=MORE.get(section, ()),
        variables=variables,
        groups=GROUPS,
        others={
            str(one["id"]): str(one.get("name") or "")
            for one in items_of(document, "red_flags") + items_of(document, "rules")
        },
        diagnoses=_codes(document),
        routes_=items_of(document, "routes"),
        tie_breaks=items_of(document, "tie_breaks"),
        blocks=BLOCKS,
        numbers=NUMBERS_TO_SHOW,
        question_types=TYPES,
        filled_by=FILLED_BY,
        text=text or json.dumps(item, ensure_ascii=False, indent=1),
        problem=problem,
        may_sign=me().role == PROVIDER and section in SIGNED,
        version=draft.get("version"),
    )
    return (body, 422) if problem else body


def _codes(document: dict[str, Any]) -> dict[str, str]:
    """Every diagnosis a rule may ask for, with its name: definite, probable and suspected forms."""
    codes: dict[str, str] = {}
    for one in items_of(document, "diagnoses"):
        codes[str(one["id"])] = str(one.get("name") or "")
        for form in ("probable", "suspected"):
            holder = one.get(form)
            if isinstance(holder, dict) and holder.get("id"):
                codes[str(holder["id"])] = str(holder.get("name") or "")
    return codes
