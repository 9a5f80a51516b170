"""The kinds of visit: what each serves, how long it takes, who gives it and where. Changed here, bookable at once."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.lists import read_list, read_record
from services.dashboard.queries.reference import forget_reference, names, reference
from services.dashboard.routes.desk import Desk, actor, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away
from services.dashboard.rules.problem_words import field_words
from services.dashboard.rules.roles import CLINICAL, MANAGER
from services.dashboard.rules.visit_form import read_visit

Body = dict[str, Any]
Rows = list[Body]
FRESH: Body = {
    "id": "",
    "name": "",
    "patient_name": "first_visit",
    "minutes": 45,
    "buffer_before": 0,
    "buffer_after": 5,
    "lead_minutes": 60,
    "horizon_days": 90,
    "alignment_minutes": 15,
    "cutoff_minutes": 1440,
    "room_kind": "exam",
    "whole_provider": True,
    "first_visit": True,
    "active": True,
    "routes": [],
    "sites": [],
    "providers": [],
}
ROOM_KINDS = ("exam", "treatment", "gym")
PATIENT_NAMES = {
    "first_visit": {"en": "first visit", "es": "primera visita"},
    "follow_up": {"en": "follow-up visit", "es": "visita de seguimiento"},
    "visit": {"en": "visit", "es": "visita"},
    "phone_visit": {"en": "phone visit", "es": "visita por teléfono"},
    "group_visit": {"en": "group visit", "es": "visita en grupo"},
}


def visit_type_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the kinds of visit."""
    routes = Blueprint("visit_types", __name__)

    @routes.get("/staff/visit-types")
    @staff_only(CLINICAL, {MANAGER})
    def visit_types() -> Any:
        who = actor()
        return render_template(
            "visit_types.html",
            found=part(lambda: read_list(desk.owners, who, "referral", "/visit-types"), Rows()),
            routes_=reference(desk.owners, who, "routes"),
            sites=names(reference(desk.owners, who, "sites")),
            providers=reference(desk.owners, who, "providers"),
            cadences=part(lambda: read_list(desk.owners, who, "notify", "/cadences"), Rows()),
        )

    @routes.get("/staff/visit-types/new")
    @staff_only(CLINICAL, {MANAGER})
    def new() -> Any:
        route = request.args.get("route", "")
        return _page(desk, {**FRESH, "routes": [route] if route else []})

    @routes.get("/staff/visit-types/<visit_type_id>")
    @staff_only(CLINICAL, {MANAGER})
    def visit_type(visit_type_id: str) -> Any:
        with opening("visit type"):
            return _page(desk, _read(desk, visit_type_id))

    @routes.post("/staff/visit-types/<visit_type_id>")
    @staff_only(CLINICAL, {MANAGER})
    def save(visit_type_id: str) -> Any:
        back = url_for("visit_types.visit_types")
        fresh = visit_type_id == "new"
        lists = {name: request.form.getlist(name) for name in request.form}
        try:
            before = FRESH if fresh else _read(desk, visit_type_id)
            made = read_visit(lists, before)
            ask_owner(
                desk.owners,
                actor(),
                "referral",
                "/visit-types" if fresh else f"/visit-types/{before['id']}",
                made,
                key=request.form.get("key", ""),
                version=None if fresh else sent_version(),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            shown = {**before, **made, "patient_name": made.get("sms_name")}
            if fresh:
                shown["version"] = None
            return _page(desk, shown, refusal=refusal, fresh=fresh)
        forget_reference()
        return redirect(back + f"#visit-{made['id']}", 303)

    return routes


def _read(desk: Desk, visit_type_id: str) -> Body:
    safe = visit_type_id.replace("_", "")
    if not safe.isalnum() or not safe.isascii() or len(visit_type_id) > 64:
        raise not_found("visit type")
    try:
        return read_record(desk.owners, actor(), "referral", f"/visit-types/{visit_type_id}")
    except OwnerRefused:
        raise not_found("visit type") from None


def _page(desk: Desk, visit: Body, *, refusal: OwnerRefused | None = None, fresh: bool = False) -> Any:
    who = actor()
    problems = {} if refusal is None else field_words(refusal.body)
    body = render_template(
        "visit_type.html",
        visit=visit,
        fresh=fresh or not visit.get("version"),
        problems=problems,
        refused=refusal.title if refusal is not None else "",
        routes_=reference(desk.owners, who, "routes"),
        sites=reference(desk.owners, who, "sites"),
        providers=reference(desk.owners, who, "providers"),
        room_kinds=ROOM_KINDS,
        patient_names=PATIENT_NAMES,
    )
    return (body, refusal.status) if refusal is not None else body
