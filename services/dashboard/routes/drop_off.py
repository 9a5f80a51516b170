"""Where patients give up: each page of a questionnaire, by language and by device."""

from typing import Any

from flask import Blueprint, render_template, request

from kernel.read_whole import read_whole
from services.dashboard.owners import part
from services.dashboard.queries.questionnaires import drop_off, published_forms
from services.dashboard.routes.desk import Desk, actor, staff_only
from services.dashboard.routes.form_list import EDITS

DAYS = (7, 30, 90, 365)
Rows = list[dict[str, Any]]


def drop_off_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the drop-off page."""
    routes = Blueprint("drop_off", __name__)

    @routes.get("/staff/questionnaires/drop-off")
    @staff_only(EDITS)
    def figures() -> Any:
        who = actor()
        days = read_whole(request.args.get("days", "30"), max(DAYS))
        chosen = days if days in DAYS else 30
        forms = part(lambda: published_forms(desk.owners, who), Rows())
        known = [one["form"] for one in forms.value]
        form = request.args.get("form", "")
        form = form if form in known else known[-1] if known else ""
        found = part(
            lambda: drop_off(desk.patient_owners, who, form, chosen) if form else {}, dict[str, Any]()
        )
        rows = found.value.get("items") or []
        group = (request.args.get("language", ""), request.args.get("device", ""))
        return render_template(
            "drop_off.html",
            forms=forms,
            form=form,
            found=found,
            rows=[row for row in rows if (row["language"], row["device"]) == group],
            groups=sorted({(row["language"], row["device"]) for row in rows} - {("", "")}),
            group=group,
            days=chosen,
            all_days=DAYS,
        )

    return routes
