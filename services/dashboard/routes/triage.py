"""The triage queue: what the protocol proposed and nobody has confirmed, most pressing first."""

from typing import Any

from flask import Blueprint, render_template, request

from services.dashboard.owners import part
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.worklist import Worklist, worklist
from services.dashboard.routes.desk import Desk, actor, staff_only
from services.dashboard.rules.roles import CLINICAL, MANAGER

LANES = (
    ("needs_triage", "Needs review"),
    ("waiting_on_patient", "Waiting on patient"),
    ("deferred", "Deferred"),
)


def triage_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the queue."""
    routes = Blueprint("triage", __name__)

    @routes.get("/staff/triage")
    @staff_only(CLINICAL, {MANAGER})
    def triage() -> Any:
        lane = request.args.get("lane", "needs_triage")
        lane = lane if lane in dict(LANES) else "needs_triage"
        filters = {name: request.args.get(name, "") for name in ("route", "priority", "site")}
        cursor = request.args.get("cursor", "")
        found = part(
            lambda: worklist(desk.owners, actor(), {"state": lane, **filters}, cursor=cursor), Worklist()
        )
        return render_template(
            "triage.html",
            found=found,
            lane=lane,
            lanes=LANES,
            filters=filters,
            hidden=found.value.hidden_urgent if any(filters.values()) else 0,
            sites=names(reference(desk.owners, actor(), "sites")),
        )

    return routes
