"""Message health: what is due, what is in doubt, and whether anything goes out at all."""

from typing import Any

from flask import Blueprint, render_template

from services.dashboard.owners import Part, part
from services.dashboard.queries.inbox import message_health as read_health
from services.dashboard.queries.lists import read_record
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.rules.roles import EVERYONE, THERAPIST
from services.dashboard.rules.silence import verdict
from services.dashboard.rules.times import parse_time

TRIES = EVERYONE - {THERAPIST}
FATES = {
    "go": ("Would be sent", "check_circle", "green"),
    "wait": ("Would wait", "schedule", "grey"),
    "held": ("Held: a reply is unread", "lock_outline", "amber"),
    "suppressed": ("Would not be sent", "notifications_off", "grey"),
    "expired": ("Would come too late", "hourglass_empty", "amber"),
}


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
        ahead = Part[dict[str, Any]]({})
        if me().role in TRIES:
            ahead = part(
                lambda: read_record(desk.owners, actor(), "notify", "/dry-run", hours="24"), dict[str, Any]()
            )
        return render_template(
            "message_health.html",
            found=found,
            ahead=ahead,
            fates=FATES,
            verdict=verdict(found.value, business_now()) if found.value else None,
        )

    return routes
