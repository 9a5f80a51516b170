"""A route of a draft: its names and place, and what it needs besides: rules, a kind of visit, messages."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.protocol import find_item, items_of, read_draft
from services.dashboard.queries.reference import forget_reference
from services.dashboard.routes.desk import Desk, actor, id_or_404, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import CLINICAL

Body = dict[str, Any]
Rows = list[Body]


def protocol_route_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of a draft's routes."""
    routes = Blueprint("protocol_route", __name__)

    @routes.get("/staff/protocol/drafts/<draft_id>/routes/<route>")
    @staff_only(CLINICAL)
    def route(draft_id: str, route: str) -> Any:
        with opening("draft"):
            draft = read_draft(desk.patient_owners, actor(), id_or_404(draft_id))
        document = draft["document"]
        found = find_item(document, "routes", route)
        if found is None and route != "new":
            raise not_found("route")
        who = actor()
        visits = part(lambda: read_list(desk.owners, who, "referral", "/visit-types"), Rows())
        own = [one for one in visits.value if route in (one.get("routes") or [])]
        cadences = part(lambda: read_list(desk.owners, who, "notify", "/cadences"), Rows())
        return render_template(
            "protocol_route.html",
            draft=draft,
            item=found or {"id": "", "label": {}, "rank": None, "urgent_bars": True},
            order=[one["id"] for one in items_of(document, "routes")],
            rules=[one for one in items_of(document, "rules") if one.get("route") == route],
            visits=visits,
            own_visits=own,
            own_cadences=[
                one
                for one in cadences.value
                if one.get("route") == route or one.get("visit_type") in [v["id"] for v in own]
            ],
        )

    @routes.post("/staff/protocol/drafts/<draft_id>/routes/<route>")
    @staff_only(CLINICAL)
    def save(draft_id: str, route: str) -> Any:
        back = url_for("protocol_drafts.draft", draft_id=draft_id, section="routes")
        form = request.form
        code = (form.get("id") or route).strip()
        label = {"en": form.get("label_en", "").strip(), "es": form.get("label_es", "").strip()}
        rank = read_whole(form.get("rank", ""), 999)
        item: Body | None = {
            "label": label,
            "rank": 99 if rank is None else rank,
            "urgent_bars": form.get("urgent_bars") == "yes",
        }
        if form.get("press") == "delete":
            item = None
        try:
            change_protocol(
                desk.patient_owners,
                actor(),
                f"/drafts/{id_or_404(draft_id)}/items",
                {"section": "routes", "id": code, "item": item},
                key=form.get("key", ""),
                version=sent_version() or 0,
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Save")
        forget_reference()
        if item is None:
            return redirect(back, 303)
        return redirect(url_for("protocol_route.route", draft_id=draft_id, route=code), 303)

    return routes
