"""Message health: what is due, what is in doubt, and whether anything goes out at all."""

from typing import Any

from flask import Blueprint, render_template

from services.dashboard.owners import part
from services.dashboard.queries.inbox import message_health as read_health
from services.dashboard.routes.desk import Desk, actor, business_now, staff_only
from services.dashboard.rules.roles import EVERYONE
from services.dashboard.rules.silence import verdict
from services.dashboard.rules.times import parse_time


def message_health_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the message health page."""
    routes = Blueprint("message_health", __name__)

    @routes.get("/staff/messages")
    @staff_only(EVERYONE)
    def message_health() -> Any:
        found = part(lambda: read_health(desk.owners, actor()), dict[str, Any]())
        accepted = parse_time(found.value.get("last_accepted_at"))
        if accepted is not None:
            # Carriers and mail servers keep the real time; the page speaks the clinic's.
            found.value["last_accepted_at"] = (accepted + desk.database.clock_offset).isoformat()
        return render_template(
            "message_health.html",
            found=found,
            verdict=verdict(found.value, business_now()) if found.value else None,
        )

    return routes
