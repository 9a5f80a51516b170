"""A site's own changes to the shared protocol: proposed on a form, shown as the difference they make, approved."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.protocol import items_of, read_protocol
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.overlay_form import changes_with, kept_changes, touched_items
from services.dashboard.rules.roles import CLINICAL, MANAGER

Body = dict[str, Any]


def overlay_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of site overlays."""
    routes = Blueprint("protocol_sites", __name__)

    @routes.get("/staff/protocol/sites")
    @staff_only(CLINICAL, {MANAGER})
    def overlays() -> Any:
        who = actor()
        found = part(lambda: read_protocol(desk.patient_owners, who, "/overlays"), Body())
        return render_template(
            "overlays.html",
            found=found,
            sites=names(reference(desk.owners, who, "sites")),
            may_write=me().role in CLINICAL,
        )

    @routes.get("/staff/protocol/sites/<overlay_id>")
    @staff_only(CLINICAL, {MANAGER})
    def overlay(overlay_id: str) -> Any:
        who = actor()
        with opening("overlay"):
            found = read_protocol(desk.patient_owners, who, f"/overlays/{id_or_404(overlay_id)}")
        return render_template(
            "overlay.html",
            overlay=found,
            sites=names(reference(desk.owners, who, "sites")),
            may_approve=me().role in CLINICAL and str(me().id) != found.get("proposed_by"),
            may_write=me().role in CLINICAL,
        )

    @routes.get("/staff/protocol/sites/new")
    @staff_only(CLINICAL)
    def new() -> Any:
        return _form(desk, request.args.get("site", ""), [])

    @routes.post("/staff/protocol/sites/new")
    @staff_only(CLINICAL)
    def propose() -> Any:
        form = request.form
        site = form.get("site", "")
        back = url_for("protocol_sites.overlays")
        changes = kept_changes(form.getlist("change"))
        if form.get("press") == "add":
            return _form(desk, site, changes_with(changes, form))
        if form.get("press", "").startswith("drop:"):
            return _form(desk, site, [one for one in changes if one["id"] != form["press"][5:]])
        changes = changes_with(changes, form)
        body = {"site": site, "changes": changes, "reason": form.get("reason", "").strip()}
        try:
            made = change_protocol(desk.patient_owners, actor(), "/overlays", body, key=form.get("key", ""))
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Propose")
        return redirect(url_for("protocol_sites.overlay", overlay_id=made["id"]), 303)

    @routes.post("/staff/protocol/sites/<overlay_id>/<deed>")
    @staff_only(CLINICAL)
    def decide(overlay_id: str, deed: str) -> Any:
        if deed not in ("approve", "withdraw"):
            raise not_found("deed")
        back = url_for("protocol_sites.overlay", overlay_id=overlay_id)
        path = f"/overlays/{id_or_404(overlay_id)}/{deed}"
        try:
            key = request.form.get("key", "")
            change_protocol(desk.patient_owners, actor(), path, {}, key=key, version=sent_version())
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, deed.capitalize())
        return redirect(back, 303)

    return routes


def _form(desk: Desk, site: str, changes: list[Body]) -> Any:
    who = actor()
    with opening("protocol"):
        current = read_protocol(desk.patient_owners, who, "")
    document = current.get("document") or {}
    return render_template(
        "overlay_form.html",
        site=site,
        sites=reference(desk.owners, who, "sites"),
        rules=items_of(document, "rules"),
        markers=items_of(document, "modifiers"),
        routes_=items_of(document, "routes"),
        changes=changes,
        touched=touched_items(document, changes),
        reason=request.form.get("reason", ""),
        number=current.get("number"),
    )
