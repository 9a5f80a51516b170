"""Message health: what is due, what is in doubt, and whether anything goes out at all."""

from typing import Any

from flask import Blueprint, render_template

from services.dashboard.owners import part
from services.dashboard.queries.inbox import message_health as read_health
from services.dashboard.routes.desk import Desk, actor, business_now, staff_only
from services.dashboard.rules.roles import EVERYONE
from services.dashboard.rules.silence import verdict


def message_health_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the message health page."""
    routes = Blueprint("message_health", __name__)

    @routes.get("/staff/messages")
    @staff_only(EVERYONE)
    def message_health() -> Any:
        found = part(lambda: read_health(desk.owners, actor()), dict[str, Any]())
        return render_template(
            "message_health.html",
            found=found,
            verdict=verdict(found.value, business_now()) if found.value else None,
        )

    return routes
