"""Every open referral, one lane a state; the counts add up to all that is open."""

from typing import Any

from flask import Blueprint, render_template, request

from services.dashboard.owners import part
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.worklist import Worklist, worklist
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.routes.kept_filters import keep_or_recall
from services.dashboard.rules.lanes import LANE, LANES
from services.dashboard.rules.roles import SEES_PATIENTS
from services.dashboard.rules.times import parse_time

FILTERS = ("route", "priority", "site", "owner")


def worklist_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the worklists."""
    routes = Blueprint("worklists", __name__)

    @routes.get("/staff/worklists")
    @staff_only(SEES_PATIENTS)
    def worklists() -> Any:
        elsewhere = keep_or_recall(desk, "worklists", ("state", *FILTERS))
        if elsewhere:
            return elsewhere
        state = request.args.get("state", "")
        state = state if state in LANE else ""
        filters = {name: request.args.get(name, "") for name in FILTERS}
        if filters["owner"] == "me":
            filters["owner"] = str(me().id)
        found = part(
            lambda: worklist(
                desk.owners, actor(), {"state": state, **filters}, cursor=request.args.get("cursor", "")
            ),
            Worklist(),
        )
        return render_template(
            "worklists.html",
            found=found,
            lanes=LANES,
            lane_of=LANE,
            state=state,
            filters=filters,
            filtered=any(filters.values()),
            late=_is_late,
            sites=names(reference(desk.owners, actor(), "sites")),
        )

    return routes


def _is_late(row: dict[str, Any]) -> bool:
    since, lane = parse_time(row.get("state_since")), LANE.get(str(row.get("state")))
    return since is not None and lane is not None and business_now() - since > lane.limit
