"""The red-flag call-backs: every patient a flag stopped, with the clock that runs until someone calls."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import Problem
from services.dashboard.actions.acknowledge_callback import acknowledge_callback
from services.dashboard.actions.close_callback import close_callback
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.callbacks import Board, callback_board
from services.dashboard.queries.told import who_was_told
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, note_view, sent_version, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.callback_outcomes import OUTCOMES
from services.dashboard.rules.roles import CLINICAL, FRONT_DESK, MANAGER


def callback_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the board."""
    routes = Blueprint("callbacks", __name__)

    @routes.get("/staff/callbacks")
    @staff_only(CLINICAL, {FRONT_DESK, MANAGER})
    def callbacks() -> Any:
        state = "done" if request.args.get("state") == "done" else "open"
        found = part(lambda: callback_board(desk.owners, actor(), state), Board())
        for row in found.value.items:
            note_view(desk, "callbacks", row.get("patient_id"))
        ids = [str(row["id"]) for row in found.value.items]
        told = part(lambda: who_was_told(desk.owners, actor(), ids), dict[str, Any]())
        return render_template(
            "callbacks.html",
            found=found,
            told=told,
            state=state,
            outcomes=OUTCOMES,
            may_close=me().role in CLINICAL,
        )

    @routes.post("/staff/callbacks/<task_id>/<deed_name>")
    @staff_only(CLINICAL)
    def answer(task_id: str, deed_name: str) -> Any:
        wanted, back = id_or_404(task_id), url_for("callbacks.callbacks")
        key, version = request.form.get("key", ""), sent_version() or 0
        try:
            if deed_name == "acknowledge":
                acknowledge_callback(desk.owners, actor(), wanted, version=version, key=key)
            elif deed_name == "close" and me().role in CLINICAL:
                outcome, note = request.form.get("outcome_code", ""), request.form.get("note", "").strip()
                if outcome not in dict(OUTCOMES):
                    raise Problem(422, "invalid", "Choose what came of the call.")
                close_callback(desk.owners, actor(), wanted, outcome, note, version=version, key=key)
            else:
                raise Problem(403, "forbidden", "Your role does not do this.")
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, deed_name)
        return redirect(back, 303)

    return routes
