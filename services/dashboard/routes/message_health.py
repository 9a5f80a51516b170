"""Message health: what is due, what is in doubt, and whether anything goes out at all."""

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.web.problems import Problem
from services.dashboard.owners import Part, part
from services.dashboard.queries.inbox import message_health as read_health
from services.dashboard.queries.lists import read_record
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, staff_only
from services.dashboard.rules.event_words import group_dead_events
from services.dashboard.rules.roles import ADMIN, EVERYONE, MANAGER, THERAPIST
from services.dashboard.rules.silence import verdict
from services.dashboard.rules.times import parse_time

Body = dict[str, Any]
SENDERS = ("intake", "referral", "notify")
PAUSES = frozenset({MANAGER, ADMIN})
SHORTEST_NOTE = 10
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
            paused=_paused(desk, found.value.get("paused") or {}),
            may_pause=me().role in PAUSES,
            given_up=_given_up(desk) if me().role in PAUSES else None,
        )

    @routes.post("/staff/messages/events/<any(intake, referral, notify):service>/try-again")
    @staff_only(PAUSES)
    def try_again(service: str) -> Any:
        ids = [str(id_or_404(one)) for one in request.form.getlist("id")[:100]]
        path = "/dead-events/try-again"
        return act(desk, service, path, {"ids": ids}, back=_here(), words="Try again")

    @routes.post("/staff/messages/pause")
    @staff_only(PAUSES)
    def pause() -> Any:
        return act(desk, "notify", "/sending/pause", {}, back=_here(), words="Pause sending")

    @routes.post("/staff/messages/resume")
    @staff_only(PAUSES)
    def resume() -> Any:
        note = request.form.get("note", "").strip()
        if len(note) < SHORTEST_NOTE:
            raise Problem(422, "invalid", "Write down what you looked at before sending goes on.")
        return act(
            desk, "notify", "/sending/resume", {"note": note[:500]}, back=_here(), words="Let sending go on"
        )

    return routes


def _given_up(desk: Desk) -> Body:
    """What the services could not pass on to one another, by kind; and which of them did not answer."""
    who = actor()
    groups: list[Body] = []
    late: list[Part[Body]] = []
    known = True
    for service in SENDERS:
        told = part(partial(read_record, desk.owners, who, service, "/dead-events"), Body())
        groups += group_dead_events(service, told.value.get("items") or [])
        known = known and not (told.late or told.refused)
        late += [told] if told.late and told.late != "notify" else []
    return {"groups": groups, "late": late, "known": known}


def _here() -> str:
    return url_for("message_health.message_health")


def _paused(desk: Desk, paused: Body) -> Body:
    """The pause with names for the ids of who paused and who let it go on; "the system" where it paused itself."""
    whose = [one for one in ("by", "resumed_by") if paused.get(one)]
    with desk.database.transaction() as session:
        named = staff_names(session, {str(paused[one]) for one in whose})
    return paused | {f"{one}_name": named.get(str(paused[one]), "the system") for one in whose}
