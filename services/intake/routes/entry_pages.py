"""Opening a personal link: the token comes by script, by hand or once by path; then the birth date is asked."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.database import Database
from services.intake.actions.check_birth_date import check_birth_date
from services.intake.routes import visitor
from services.intake.routes.answering import held_link, take_token
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.link_tokens import token_in
from services.intake.rules.patient_age import birth_date_of
from services.intake.texts import texts

ONWARD = {"answer": "question.resume", "status": "status.show", "offer": "offer.show"}


def entry_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the pages that open a link."""
    routes = Blueprint("entry", __name__)

    @routes.get("/q", defaults={"purpose": "answer"})
    @routes.get("/s", defaults={"purpose": "status"})
    @routes.get("/o", defaults={"purpose": "offer"})
    def open_link(purpose: str) -> str:
        """The token stands behind `#`: the script posts it; without one the patient pastes the link."""
        chosen = visitor.language()
        return render_template("entry.html", lang=chosen, t=texts(chosen), clinic_phone=facts.phone_shown)

    @routes.post("/q", defaults={"purpose": "answer"})
    @routes.post("/s", defaults={"purpose": "status"})
    @routes.post("/o", defaults={"purpose": "offer"})
    def bring(purpose: str) -> Response:
        visitor.language()
        with database.transaction() as session:
            link = take_token(session, token_in(request.form.get("link", "")), purpose)
            handle = str(link.id)
        return redirect(url_for(ONWARD[purpose], handle=handle), 303)

    @routes.post("/q/<handle>/", defaults={"purpose": "answer"})
    @routes.post("/s/<handle>/", defaults={"purpose": "status"})
    @routes.post("/o/<handle>/", defaults={"purpose": "offer"})
    def pass_gate(handle: str, purpose: str) -> Response | tuple[str, int]:
        with database.transaction() as session:
            link = held_link(session, handle, purpose, lock=True)
            born = birth_date_of(request.form.get("birth_date", ""), now(session).date())
            fits = check_birth_date(session, link, born.isoformat() if born else None)
        if fits:
            visitor.device()
            visitor.let_in(link.id)
            return redirect(url_for(ONWARD[purpose], handle=handle), 303)
        return gate_page(facts, wrong=True), 422

    return routes


def exchange(database: Database, token: str, purpose: str) -> Response:
    """A token in the path, as an old link or a browser without scripts brings it: taken once, then out of sight."""
    with database.transaction() as session:
        handle = str(take_token(session, token, purpose).id)
    return redirect(url_for(ONWARD[purpose], handle=handle, lang=request.args.get("lang")), 303)


def gate_page(facts: PageFacts, *, wrong: bool = False) -> str:
    """The page that asks for the birth date."""
    chosen = visitor.language()
    return render_template(
        "gate.html", lang=chosen, t=texts(chosen), wrong=wrong, clinic_phone=facts.phone_shown
    )
