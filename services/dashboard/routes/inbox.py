"""Replies from patients that a person must read, the oldest first."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.web.problems import Problem
from services.dashboard.owners import part
from services.dashboard.queries.inbox import inbox_page
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, sent_version, staff_only
from services.dashboard.rules.navigation import MESSAGES
from services.dashboard.rules.reply_words import MEANINGS, OUTCOMES, QUICK_TEXTS


def inbox_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the inbox."""
    routes = Blueprint("inbox", __name__)

    @routes.get("/staff/inbox")
    @staff_only(MESSAGES)
    def inbox() -> Any:
        state = "closed" if request.args.get("state") == "closed" else "open"
        found = part(
            lambda: inbox_page(desk.owners, actor(), state, request.args.get("cursor", "")), dict[str, Any]()
        )
        return render_template(
            "inbox.html",
            found=found,
            state=state,
            meanings=MEANINGS,
            outcomes=OUTCOMES,
            quick_texts=QUICK_TEXTS,
        )

    @routes.post("/staff/inbox/<reply_id>/answer")
    @staff_only(MESSAGES)
    def answer(reply_id: str) -> Any:
        text = request.form.get("text", "")
        if text not in dict(QUICK_TEXTS):
            raise Problem(422, "invalid", "Choose one of the texts.")
        path = f"/inbox/{id_or_404(reply_id)}/answer"
        return act(desk, "notify", path, {"text": text}, back=url_for("inbox.inbox"), words="Answer by text")

    @routes.post("/staff/inbox/<reply_id>/confirm")
    @staff_only(MESSAGES)
    def confirm(reply_id: str) -> Any:
        path = f"/inbox/{id_or_404(reply_id)}/confirm"
        return act(desk, "notify", path, {}, back=url_for("inbox.inbox"), words="Confirm the visit")

    @routes.post("/staff/inbox/<reply_id>/close")
    @staff_only(MESSAGES)
    def close(reply_id: str) -> Any:
        outcome = request.form.get("outcome", "")
        if outcome not in dict(OUTCOMES):
            raise Problem(422, "invalid", "Choose what came of it.")
        if sent_version() is None:
            raise Problem(400, "malformed", "The form was not complete.")
        path = f"/inbox/{id_or_404(reply_id)}/close"
        return act(desk, "notify", path, {"outcome": outcome}, back=url_for("inbox.inbox"), words="Close")

    return routes
