"""One rule, flag, marker, diagnosis or question of a draft: its clauses with typed inputs."""

import json
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.protocol import SECTIONS, find_item, items_of, read_draft
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.clause_form import GROUPS, edited, read_condition, rows_of
from services.dashboard.rules.question_form import FILLED_BY, TYPES, read_question
from services.dashboard.rules.roles import CLINICAL, PROVIDER
from services.dashboard.rules.times import local

PLAIN_FIELDS = ("name", "route", "priority", "action", "to", "add", "source", "status")
ONE_CONDITION = ("red_flags", "rules", "modifiers")


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
        if press.split(":")[0] in ("add", "group", "diagnosis", "rule", "wrap", "remove", "retype"):
            tree, _, path = press.partition(":")[2].partition("/")
            return _page(
                draft, section, _with_edit(made, tree, f"{press.split(':')[0]}:{path}", next(iter(variables)))
            )
        if press == "sign" and me().role == PROVIDER:
            made["signoff"] = {
                **(made.get("signoff") or {"required": True}),
                "by": me().name,
                "on": local(business_now()).date().isoformat(),
            }
        elif made != before and section not in ("variables", "derived"):
            # A signature is for the words signed: any change takes it off.
            made["signoff"] = {**(made.get("signoff") or {"required": True}), "by": None, "on": None}
        body = {
            "section": section,
            "id": str(made.get("id") or ""),
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
                version=int(request.form.get("version", "0") or 0),
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
    made["signoff"] = {"required": True, "by": None, "on": None}
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
    if section == "rules":
        made |= {"route": "physical_therapy", "priority": "P5"}
    elif section == "red_flags":
        made |= {"action": "U"}
    elif section == "modifiers":
        made |= {"add": ""}
    return {**made, "when": leaf} if section in ONE_CONDITION else {**made, "criteria": [{"id": "A", **leaf}]}


def _trees(item: dict[str, Any], section: str) -> list[tuple[str, Any]]:
    if section in ONE_CONDITION:
        return [("when", item.get("when"))]
    return [(str(one.get("id")), one) for one in item.get("criteria") or [] if isinstance(one, dict)]


def _read_item(before: dict[str, Any], section: str, variables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    form = request.form
    if "text" in form:
        made = json.loads(form["text"])
        if not isinstance(made, dict):
            raise ValueError("an item is an object")
        return made
    if section == "variables":
        return read_question(form, before)
    made = {**before, "id": (form.get("id") or str(before.get("id") or "")).strip()}
    for name in PLAIN_FIELDS:
        if name in form:
            value = form[name].strip()
            if value or before.get(name):
                made[name] = value or None
    lists = {name: form.getlist(name) for name in form}
    if section in ONE_CONDITION:
        made["when"] = read_condition(lists, variables, "when")
    else:
        made["criteria"] = [read_condition(lists, variables, tree) for tree, _ in _trees(before, section)]
    return made


def _with_edit(item: dict[str, Any], tree: str, edit: str, first_variable: str) -> dict[str, Any]:
    if edit.startswith("retype"):
        return item
    if tree == "when":
        return {**item, "when": edited(item.get("when"), edit, first_variable)}
    criteria = [
        edited(one, edit, first_variable) if str(one.get("id")) == tree else one for one in item["criteria"]
    ]
    return {**item, "criteria": criteria}


def _page(
    draft: dict[str, Any], section: str, item: dict[str, Any], *, text: str = "", problem: str = ""
) -> Any:
    document = draft["document"]
    variables = {str(one["id"]): one for one in items_of(document, "variables")}
    body = render_template(
        "protocol_item.html",
        draft=draft,
        section=section,
        section_words=dict(SECTIONS)[section],
        item=item,
        trees=[
            (tree, condition, rows_of(condition, variables, tree))
            for tree, condition in _trees(item, section)
        ]
        if section not in ("variables", "derived")
        else [],
        variables=variables,
        groups=GROUPS,
        flags=[str(one["id"]) for one in items_of(document, "red_flags") + items_of(document, "rules")],
        diagnoses=_codes(document),
        routes_=items_of(document, "routes"),
        question_types=TYPES,
        filled_by=FILLED_BY,
        text=text or json.dumps(item, ensure_ascii=False, indent=1),
        problem=problem,
        may_sign=me().role == PROVIDER,
        version=draft.get("version"),
    )
    return (body, 422) if problem else body


def _codes(document: dict[str, Any]) -> list[str]:
    codes = []
    for one in items_of(document, "diagnoses"):
        codes.append(str(one["id"]))
        probable = one.get("probable")
        if isinstance(probable, dict) and probable.get("id"):
            codes.append(str(probable["id"]))
        suspected = one.get("suspected")
        if isinstance(suspected, dict) and suspected.get("id"):
            codes.append(str(suspected["id"]))
    return list(dict.fromkeys(codes))
