"""The clinic's tablet: a visit that nobody goes on with ends by itself, and the next patient sees nothing of it."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from services.intake.routes import visitor
from services.intake.routes.page_facts import PageFacts
from services.intake.texts import texts

#: Seconds without a new page before the tablet asks whether somebody is there, and how long it waits for a yes.
IDLE_SECONDS, ASK_SECONDS = 300, 60
#: The page after sending says little of anybody, and goes by itself.
SENT_SECONDS = 120
QUIET = ("kiosk.done", "static", "library_file")


def kiosk_facts() -> dict[str, Any]:
    """What every template is told: None anywhere but on the clinic's tablet, else where it goes by itself, and when."""
    if not visitor.at_kiosk() or request.endpoint in QUIET:
        return {"kiosk": None}
    if request.endpoint == "kiosk.still_here":
        return {"kiosk": {"seconds": ASK_SECONDS, "then": url_for("kiosk.done")}}
    if request.endpoint == "status.show":
        return {"kiosk": {"seconds": SENT_SECONDS, "then": url_for("kiosk.done")}}
    return {"kiosk": {"seconds": IDLE_SECONDS, "then": url_for("kiosk.still_here")}}


def kiosk_pages(facts: PageFacts) -> Blueprint:
    """Return the blueprint of the tablet's own pages."""
    routes = Blueprint("kiosk", __name__)

    @routes.get("/still-here")
    def still_here() -> str:
        """One press goes on; typed words are kept by the page's script."""
        handle = visitor.last_link()
        onward = url_for("question.resume", handle=handle) if handle else url_for("start.welcome")
        return _page(facts, "still_here", onward)

    @routes.get("/done")
    def done() -> Response:
        """The visit is over: the cookie, kept words and everything else of it are gone from this browser."""
        page = _page(facts, "done", "")
        visitor.leave()
        answer = make_response(page)
        answer.headers["Clear-Site-Data"] = '"cookies", "storage"'
        return answer

    return routes


def _page(facts: PageFacts, name: str, onward: str) -> str:
    chosen = visitor.language()
    return render_template(
        "kiosk.html",
        lang=chosen,
        t=texts(chosen),
        name=name,
        onward=onward,
        clinic_phone=facts.phone_shown,
    )
