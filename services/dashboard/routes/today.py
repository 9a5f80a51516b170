"""Today: who is expected, who is here, who will not come, and what waits for staff."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from services.dashboard.owners import Part, part
from services.dashboard.queries.day import day_list, is_late, tabs_of, waiting_visits
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.rules.roles import SCHEDULES, SEES_PATIENTS
from services.dashboard.rules.times import local
from services.dashboard.rules.visit_deeds import NEXT_DEED, VISIT_DEEDS, offered_deeds

Rows = list[dict[str, Any]]


def today_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the day list and the wall view."""
    routes = Blueprint("today", __name__)

    def site_asked() -> str:
        return request.args.get("site", me().sites[0] if len(me().sites) == 1 else "")

    @routes.get("/staff/today")
    @staff_only(SEES_PATIENTS)
    def today() -> Any:
        now = business_now()
        day = _day(request.args.get("date", ""), local(now).date())
        site = site_asked()
        found = part(lambda: day_list(desk.owners, actor(), day.isoformat(), site), Rows())
        waiting = part(lambda: waiting_visits(desk.owners, actor(), site), Rows())
        tomorrow = local(now).date() + timedelta(days=1)
        next_day = part(lambda: day_list(desk.owners, actor(), tomorrow.isoformat(), site), Rows())
        unconfirmed = [row for row in next_day.value if row.get("state") == "booked"]
        tabs = tabs_of(found.value, now)
        chosen = request.args.get("tab", "expected")
        rows, title = _rows(chosen, tabs, waiting, unconfirmed, now)
        return render_template(
            "today.html",
            found=found,
            tabs=tabs,
            tab=chosen if chosen in {"asks", "unconfirmed", *(one.name for one in tabs)} else "expected",
            rows=rows,
            title=title,
            waiting=waiting,
            unconfirmed=unconfirmed,
            day=day,
            is_today=day == local(now).date(),
            before=(day - timedelta(days=1)).isoformat(),
            after=(day + timedelta(days=1)).isoformat(),
            site=site,
            sites=names(reference(desk.owners, actor(), "sites")),
            deeds=VISIT_DEEDS,
            next_deed=NEXT_DEED,
            offered=lambda row: offered_deeds(row, me().role, now),
            may_move=me().role in SCHEDULES,
        )

    @routes.get("/staff/wall")
    @staff_only(SEES_PATIENTS)
    def wall() -> Any:
        now = business_now()
        found = part(
            lambda: day_list(desk.owners, actor(), local(now).date().isoformat(), site_asked()), Rows()
        )
        shown = [row for row in found.value if row.get("state") in ("booked", "confirmed", "arrived")]
        shown.sort(key=lambda row: str(row.get("starts_at")))
        rows = [
            {
                "starts_at": row["starts_at"],
                "provider": (row.get("provider") or {}).get("name", ""),
                "room": row.get("room", ""),
                "here": row["state"] == "arrived",
            }
            for row in shown
        ]
        sites = names(reference(desk.owners, actor(), "sites"))
        return render_template("wall.html", rows=rows, site=sites.get(site_asked(), ""), late=found.late)

    return routes


def _rows(
    chosen: str, tabs: list[Any], waiting: Part[Rows], unconfirmed: Rows, now: datetime
) -> tuple[Rows, str]:
    """Return the rows of the chosen tab or count, and what they are."""
    if chosen == "asks":
        return [{**row, "late": is_late(row, now)} for row in waiting.value], "Visits that wait for staff"
    if chosen == "unconfirmed":
        return unconfirmed, "Not confirmed for tomorrow"
    tab = next((one for one in tabs if one.name == chosen), tabs[0])
    return tab.rows, tab.words


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today
