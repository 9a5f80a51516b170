"""A list's filters live in its address; the last ones used are remembered for each person."""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request

from services.dashboard.actions.save_view import save_view
from services.dashboard.model import SavedView
from services.dashboard.routes.desk import Desk, me


def keep_or_recall(desk: Desk, page: str, fields: tuple[str, ...]) -> Any:
    """Remember the filters of this address; for a bare address return a redirect to those remembered, else None.

    Somebody else's link carries its own filters, so it always shows what they saw.
    """
    given = {name: request.args[name] for name in fields if request.args.get(name)}
    if any(name in request.args for name in (*fields, "cursor", "all")):
        with desk.database.transaction() as session:
            save_view(session, me().id, page, urlencode(given))
        return None
    with desk.database.transaction() as session:
        kept = session.get(SavedView, (me().id, page))
    return redirect(f"{request.path}?{kept.query}") if kept is not None and kept.query else None
