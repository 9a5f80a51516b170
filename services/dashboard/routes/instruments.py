"""Instruments and their rights: a manager records an owner's permission, or ends it."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.dashboard.owners import part
from services.dashboard.queries.questionnaires import instruments
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.rules.roles import CLINICAL, MANAGER, THERAPIST

MAY_LOOK = CLINICAL | {MANAGER, THERAPIST}
FIELDS = ("granted_by", "reference", "granted_on", "expires_on")


def instrument_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of instruments."""
    routes = Blueprint("instruments", __name__)

    @routes.get("/staff/instruments")
    @staff_only(MAY_LOOK)
    def listed() -> Any:
        found = part(lambda: instruments(desk.owners, actor()), list[dict[str, Any]]())
        return render_template("instruments.html", found=found, may_record=me().role == MANAGER)

    @routes.post("/staff/instruments/<instrument_id>/permissions")
    @staff_only({MANAGER})
    def permit(instrument_id: str) -> Any:
        body = {name: request.form.get(name, "").strip() for name in FIELDS}
        known = "".join(c for c in instrument_id if c.isalnum() or c == "_")
        path = f"/instruments/{known}/permissions"
        return act(
            desk, "intake", path, body, back=url_for("instruments.listed"), words="Record the permission"
        )

    @routes.post("/staff/instruments/permissions/<permission_id>/end")
    @staff_only({MANAGER})
    def end(permission_id: str) -> Any:
        path = f"/instrument-permissions/{id_or_404(permission_id)}/end"
        return act(desk, "intake", path, {}, back=url_for("instruments.listed"), words="End the permission")

    return routes
