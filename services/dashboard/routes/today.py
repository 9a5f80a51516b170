"""Today: who is expected, who is here, who will not come."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from services.dashboard.owners import part
from services.dashboard.queries.day import day_list, tabs_of
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.rules.roles import SCHEDULES, SEES_PATIENTS
from services.dashboard.rules.times import local


def today_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the day list."""
    routes = Blueprint("today", __name__)

    @routes.get("/staff/today")
    @staff_only(SEES_PATIENTS)
    def today() -> Any:
        now = business_now()
        day = _day(request.args.get("date", ""), local(now).date())
        sites = names(reference(desk.owners, actor(), "sites"))
        site = request.args.get("site", me().sites[0] if len(me().sites) == 1 else "")
        found = part(lambda: day_list(desk.owners, actor(), day.isoformat(), site), list[dict[str, Any]]())
        tabs = tabs_of(found.value)
        chosen = request.args.get("tab", "expected")
        tab = next((one for one in tabs if one.name == chosen), tabs[0])
        return render_template(
            "today.html",
            found=found,
            tabs=tabs,
            tab=tab,
            day=day,
            is_today=day == local(now).date(),
            before=(day - timedelta(days=1)).isoformat(),
            after=(day + timedelta(days=1)).isoformat(),
            site=site,
            sites=sites,
            unconfirmed=sum(row.get("state") == "booked" for row in found.value),
            may_change=me().role in SCHEDULES,
        )

    return routes


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today
