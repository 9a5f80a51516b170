"""What is stuck, what was overruled: the radar and the override report."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.dashboard.owners import part
from services.dashboard.queries.lists import read_list, read_record
from services.dashboard.queries.protocol import items_of, read_protocol
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.rules.roles import CLINICAL, MANAGER, SEES_PATIENTS

Rows = list[dict[str, Any]]


def watching_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the radar and the report."""
    routes = Blueprint("watching", __name__)

    @routes.get("/staff/radar")
    @staff_only(SEES_PATIENTS)
    def radar() -> Any:
        owner = str(me().id) if request.args.get("owner") == "me" else ""
        found = part(lambda: read_list(desk.owners, actor(), "referral", "/radar", owner=owner), Rows())
        return render_template(
            "radar.html", found=found, owner=owner, may_take=me().role in CLINICAL | {MANAGER}
        )

    @routes.post("/staff/radar/<alarm_id>/take")
    @staff_only(CLINICAL, {MANAGER})
    def take(alarm_id: str) -> Any:
        path = f"/radar/{id_or_404(alarm_id)}/acknowledge"
        return act(desk, "referral", path, {}, back=url_for("watching.radar"), words="Take it")

    @routes.get("/staff/supply")
    @staff_only(SEES_PATIENTS)
    def supply() -> Any:
        """Where the promise of a visit is not kept, and where it soon will not be."""
        who = actor()
        return render_template(
            "supply.html",
            alerts=part(lambda: read_list(desk.owners, who, "referral", "/slot-alerts"), Rows()),
            forecasts=part(lambda: read_list(desk.owners, who, "referral", "/slot-forecasts"), Rows()),
        )

    @routes.get("/staff/overrides")
    @staff_only(CLINICAL, {MANAGER})
    def overrides() -> Any:
        period = {name: request.args.get(name, "") for name in ("from", "to")}
        found = part(
            lambda: read_record(
                desk.owners, actor(), "referral", "/reports/overrides", from_=period["from"], to=period["to"]
            ),
            dict[str, Any](),
        )
        protocol = part(lambda: read_protocol(desk.owners, actor(), ""), dict[str, Any]())
        document = protocol.value.get("document") or {}
        rules = {str(one["id"]): one for one in items_of(document, "rules") + items_of(document, "red_flags")}
        reviewers = [str(one["reviewer_id"]) for one in found.value.get("reviewers") or []]
        with desk.database.transaction() as session:
            known = staff_names(session, reviewers)
        return render_template("overrides.html", found=found, rules=rules, staff_name=known)

    return routes
