"""The call list: what a person must do because a message could not; and whether every message is accounted for."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.web.problems import Problem
from services.dashboard.owners import Part, part
from services.dashboard.queries.lists import read_list, read_record
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, staff_only
from services.dashboard.rules.navigation import MESSAGES
from services.dashboard.rules.phone_numbers import to_e164
from services.dashboard.rules.reply_words import CALL_KINDS, CALL_OUTCOMES, DOUBT_CAUSES
from services.dashboard.rules.roles import EVERYONE, THERAPIST

Rows = list[dict[str, Any]]


def call_list_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the call list and the reconcile page."""
    routes = Blueprint("call_list", __name__)

    @routes.get("/staff/call-list")
    @staff_only(MESSAGES)
    def call_list() -> Any:
        state = "closed" if request.args.get("state") == "closed" else "open"
        kind = request.args.get("kind", "")
        kind = kind if kind in CALL_KINDS else ""
        # A failing mail server leaves hundreds of sends in doubt: by cause they are one line each.
        grouped = state == "open" and not kind
        apart = {"without": "unknown_send"} if grouped else {}
        found = part(
            lambda: read_list(desk.owners, actor(), "notify", "/call-list", state=state, kind=kind, **apart),
            Rows(),
        )
        doubts = Part[Rows]([])
        if grouped:
            doubts = part(lambda: read_list(desk.owners, actor(), "notify", "/call-list/doubts"), Rows())
        return render_template(
            "call_list.html",
            found=found,
            doubts=doubts,
            causes=DOUBT_CAUSES,
            state=state,
            kind=kind,
            kinds=CALL_KINDS,
            outcomes=CALL_OUTCOMES,
        )

    @routes.post("/staff/call-list/doubts/close")
    @staff_only(MESSAGES)
    def close_doubts() -> Any:
        body = {name: request.form.get(name, "") for name in ("code", "channel", "seen_until")}
        body["outcome"] = "no_action_needed"
        back = url_for("call_list.call_list")
        return act(desk, "notify", "/call-list/doubts/close", body, back=back, words="Close")

    @routes.post("/staff/call-list/<item_id>/close")
    @staff_only(MESSAGES)
    def close(item_id: str) -> Any:
        outcome = request.form.get("outcome", "")
        if outcome not in dict(CALL_OUTCOMES):
            raise Problem(422, "invalid", "Choose what came of it.")
        typed = request.form.get("phone", "").strip()
        phone = to_e164(typed)
        if typed and not phone:
            raise Problem(422, "invalid", "That is not a phone number.")
        body = {"outcome": outcome, **({"phone": phone} if phone else {})}
        back = url_for("call_list.call_list")
        return act(desk, "notify", f"/call-list/{id_or_404(item_id)}/close", body, back=back, words="Close")

    @routes.get("/staff/reconcile")
    @staff_only(EVERYONE - {THERAPIST})
    def reconcile() -> Any:
        days = request.args.get("days", "7")
        days = days if days in ("1", "7", "30", "90") else "7"
        found = part(
            lambda: read_record(desk.owners, actor(), "notify", "/reconcile", days=days), dict[str, Any]()
        )
        return render_template("reconcile.html", found=found, days=days)

    return routes
