"""One way from a posted form to an owner's deed and back to a page."""

from typing import Any

from flask import redirect, request

from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.desk import Desk, actor, sent_version
from services.dashboard.routes.refusals import show_away, show_refusal


def act(desk: Desk, service: str, path: str, body: dict[str, Any], *, back: str, words: str) -> Any:
    """Do the deed with the form's key and version, then go back; or show what stood in the way."""
    try:
        ask_owner(
            desk.owners,
            actor(),
            service,
            path,
            body,
            key=request.form.get("key", ""),
            version=sent_version(),
        )
    except OwnerAway as away:
        return show_away(away, back)
    except OwnerRefused as refusal:
        return show_refusal(desk, refusal, back, words)
    return redirect(back, 303)
