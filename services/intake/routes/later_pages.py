"""Go on later, or on another phone: a link made for the asking, with a picture a camera reads."""

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.database import Database
from kernel.web.qr_code import qr_code
from services.intake.actions.issue_link import issue_link
from services.intake.model import PatientLink
from services.intake.routes import visitor
from services.intake.routes.answering import KIOSK, STATUS_LINK_DAYS, LinkRefused, answer_link, held_link
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.link_tokens import link_path
from services.intake.texts import texts


def later_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the pages that hand out a link to come back by."""
    routes = Blueprint("later", __name__)

    @routes.get("/q/<handle>/later", defaults={"purpose": "answer"})
    @routes.get("/s/<handle>/later", defaults={"purpose": "status"})
    def offer(handle: str, purpose: str) -> str:
        with database.transaction() as session:
            if not visitor.is_let_in(_link(session, handle, purpose).id):
                return gate_page(facts)
        return _page(facts, handle, purpose, "")

    @routes.post("/q/<handle>/later", defaults={"purpose": "answer"})
    @routes.post("/s/<handle>/later", defaults={"purpose": "status"})
    def make(handle: str, purpose: str) -> str:
        """The new link is in the page and nowhere else; links of before go on working."""
        with database.transaction() as session:
            link = _link(session, handle, purpose)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            token, _ = issue_link(
                session,
                Actor("patient", str(link.patient_id)),
                purpose,
                patient_id=link.patient_id,
                submission_id=link.submission_id,
                referral_id=link.referral_id,
                days=facts.link_days if purpose == "answer" else STATUS_LINK_DAYS,
                replaces_earlier=False,
            )
        return _page(facts, handle, purpose, token)

    return routes


def _link(session: Session, handle: str, purpose: str) -> PatientLink:
    link = answer_link(session, handle) if purpose == "answer" else held_link(session, handle, purpose)
    if link.issued_mode == KIOSK:
        # The clinic's tablet is no place to leave a link on.
        raise LinkRefused
    return link


def _page(facts: PageFacts, handle: str, purpose: str, token: str) -> str:
    chosen = visitor.language()
    words = texts(chosen)
    address = (
        f"{facts.public_url or request.host_url.rstrip('/')}{link_path(purpose, token, chosen)}"
        if token
        else ""
    )
    return render_template(
        "later.html",
        lang=chosen,
        t=words,
        handle=handle,
        purpose=purpose,
        address=address,
        picture=qr_code(address, words["later"]["picture"]) if address else "",
        clinic_phone=facts.phone_shown,
    )
