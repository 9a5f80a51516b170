"""The match queue: new records that look like somebody known. A person decides; nothing merges by itself."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.dashboard.owners import part
from services.dashboard.queries.lists import read_list
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, note_view, staff_only
from services.dashboard.rules.roles import FRONT_DESK, MANAGER, NURSE

Rows = list[dict[str, Any]]
DECIDES = frozenset({NURSE, FRONT_DESK, MANAGER})


def match_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the match queue."""
    routes = Blueprint("matches", __name__)

    @routes.get("/staff/matches")
    @staff_only(DECIDES)
    def matches() -> Any:
        found = part(lambda: read_list(desk.owners, actor(), "intake", "/match-cases"), Rows())
        for row in found.value:
            note_view(desk, "matches", (row.get("patient") or {}).get("id"))
        return render_template("matches.html", found=found)

    @routes.post("/staff/matches/<case_id>/decide")
    @staff_only(DECIDES)
    def decide(case_id: str) -> Any:
        same_as = request.form.get("same_as") or None
        path = f"/match-cases/{id_or_404(case_id)}/decide"
        return act(
            desk, "intake", path, {"same_as": same_as}, back=url_for("matches.matches"), words="Decide"
        )

    return routes
