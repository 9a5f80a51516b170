"""Where a page of a list starts."""

from datetime import datetime
from uuid import UUID

from flask import request

from kernel.web.problems import Problem
from services.notify.queries.cursors import BadCursor, place_of


def page_place() -> tuple[datetime, UUID] | None:
    """Where `cursor` says the page starts, or None for the first; raises the 400 problem."""
    given = request.args.get("cursor")
    if given is None:
        return None
    try:
        return place_of(given)
    except BadCursor:
        raise Problem(400, "cursor", "The cursor is not one this list gave out.") from None
