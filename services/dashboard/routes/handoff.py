"""Handoff: what changed since I last looked, what I own, and what will breach today."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template

from services.dashboard.actions.save_view import save_view
from services.dashboard.model import SavedView
from services.dashboard.owners import part
from services.dashboard.queries.handoff import read_open
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.rules.roles import SEES_PATIENTS
from services.dashboard.rules.times import local, parse_time

Rows = list[dict[str, Any]]


def handoff_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the digest."""
    routes = Blueprint("handoff", __name__)

    @routes.get("/staff/handoff")
    @staff_only(SEES_PATIENTS)
    def handoff() -> Any:
        now, mine = business_now(), str(me().id)
        with desk.database.transaction() as session:
            kept = session.get(SavedView, (me().id, "handoff"))
            looked = parse_time(kept.query) if kept else None
        found = part(lambda: read_open(desk.owners, actor()), Rows())
        since = looked or now - timedelta(hours=12)
        if not found.late:
            with desk.database.transaction() as session:
                save_view(session, me().id, "handoff", now.isoformat())
        return render_template(
            "handoff.html",
            found=found,
            since=since,
            first=looked is None,
            changed=[row for row in found.value if (parse_time(row.get("state_since")) or now) > since],
            owned=[row for row in found.value if (row.get("owner") or {}).get("id") == mine],
            breaching=[row for row in found.value if _today(row, now)],
        )

    return routes


def _today(row: dict[str, Any], now: datetime) -> bool:
    due = parse_time(row.get("due_at"))
    return row.get("clock") == "run" and due is not None and local(due).date() <= local(now).date()
