"""Opening what a page is about: there it is, or the page that says why it cannot be shown."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, make_response, render_template

from kernel.web.problems import not_found
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.case import Case, read_case
from services.dashboard.routes.desk import Desk, actor, id_or_404, note_view


@contextmanager
def opening(what: str) -> Iterator[None]:
    """What is read from owners within, a page cannot do without: for reads only, never around a deed.

    An owner that does not answer ends the request with the page that offers to try again (503); one that
    refuses ends it with `Problem` 404 for `what`, so that nobody learns what exists.
    """
    try:
        yield
    except OwnerAway as away:
        abort(make_response(render_template("owner_away.html", service=away.service), 503))
    except OwnerRefused:
        raise not_found(what) from None


def open_case(desk: Desk, referral_id: str, page: str) -> Case:
    """Return the case, its look recorded as one at `page`; ends the request when it cannot be read."""
    with opening("referral"):
        case = read_case(desk.owners, actor(), id_or_404(referral_id))
    note_view(desk, page, case.patient_id, referral_id)
    return case
