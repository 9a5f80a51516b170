"""The query arguments every list takes: `limit` and `cursor`, each at most once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from flask import request

from kernel.ids import parse_id
from kernel.web.problems import FieldProblem, Problem, invalid
from services.notify.queries.cursors import BadCursor, place_of

MOST_ROWS = 100
USUAL_ROWS = 50


def page_limit() -> int:
    """`limit`, 1 to 100 (50 when absent); raises the 422 problem."""
    given = one_of("limit")
    if given is None:
        return USUAL_ROWS
    if not given.isascii() or not given.isdigit() or len(given) > 3 or not 1 <= int(given) <= MOST_ROWS:
        raise invalid([FieldProblem("limit", "not_between_1_and_100")])
    return int(given)


def page_place() -> tuple[datetime, UUID] | None:
    """Where `cursor` says the page starts, or None for the first; raises the 400 problem."""
    given = one_of("cursor")
    if given is None:
        return None
    try:
        return place_of(given)
    except BadCursor:
        raise Problem(400, "cursor", "The cursor is not one this list gave out.") from None


def one_of(name: str) -> str | None:
    """The argument `name`, or None; raises the 422 problem when it is given twice."""
    given = request.args.getlist(name)
    if len(given) > 1:
        raise invalid([FieldProblem(name, "given_twice")])
    return given[0] if given else None


def id_of(name: str) -> UUID | None:
    """The argument `name` as an id, or None when absent; an id that is none of ours finds nothing."""
    given = one_of(name)
    return None if given is None else parse_id(given) or UUID(int=0)


def only(names: Collection[str]) -> None:
    """Raise the 422 problem when the request has an argument that is not in `names`."""
    unknown = sorted(set(request.args) - set(names))
    if unknown:
        raise invalid([FieldProblem("query", "unknown_argument")])
