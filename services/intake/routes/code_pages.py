"""The one-time code: asked for, typed, and then answers may be read for half an hour in this browser."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.database import Database
from services.intake.actions.check_code import check_code
from services.intake.actions.send_code import send_code
from services.intake.model import Patient, PatientLink
from services.intake.queries.patients import patient_of
from services.intake.routes import visitor
from services.intake.routes.answering import LinkRefused, answer_link, held_link
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.one_time_code import code_in
from services.intake.texts import texts

STATUS_OF = {"": 200, "wrong": 422, "too_many": 429, "no_phone": 409, "opted_out": 409}


def code_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the pages that ask for a one-time code."""
    routes = Blueprint("code", __name__)

    @routes.get("/q/<handle>/code", defaults={"purpose": "answer"})
    @routes.get("/s/<handle>/code", defaults={"purpose": "status"})
    def ask(handle: str, purpose: str) -> str:
        with database.transaction() as session:
            link = _link(session, handle, purpose)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            return _page(
                facts, _patient(session, link), handle, purpose, sent=request.args.get("sent") == "1"
            )

    @routes.post("/q/<handle>/code/send", defaults={"purpose": "answer"})
    @routes.post("/s/<handle>/code/send", defaults={"purpose": "status"})
    def send(handle: str, purpose: str) -> Response | str | tuple[str, int]:
        with database.transaction() as session:
            link = _link(session, handle, purpose)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            patient = _patient(session, link)
            done = send_code(session, link, patient, visitor.device(), visitor.language())
            if done != "sent":
                return _page(facts, patient, handle, purpose, problem=done), STATUS_OF[done]
        place = url_for("code.ask", handle=handle, purpose=purpose, sent=1, to=request.form.get("to") or None)
        return redirect(place, 303)

    @routes.post("/q/<handle>/code", defaults={"purpose": "answer"})
    @routes.post("/s/<handle>/code", defaults={"purpose": "status"})
    def check(handle: str, purpose: str) -> Response | str | tuple[str, int]:
        with database.transaction() as session:
            link = _link(session, handle, purpose)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            fits = check_code(session, link, visitor.device(), code_in(request.form.get("code", "")))
            if not fits:
                page = _page(facts, _patient(session, link), handle, purpose, sent=True, problem="wrong")
                return page, STATUS_OF["wrong"]
        return redirect(_onward(handle, purpose), 303)

    return routes


def _link(session: Session, handle: str, purpose: str) -> PatientLink:
    return answer_link(session, handle) if purpose == "answer" else held_link(session, handle, purpose)


def _patient(session: Session, link: PatientLink) -> Patient:
    patient = patient_of(session, link.patient_id)
    if patient is None:
        raise LinkRefused
    return patient


def _onward(handle: str, purpose: str) -> str:
    """Back to the page the patient came from; `to` names one of this link's own pages, never an address."""
    wanted = request.form.get("to", "")
    if purpose == "status":
        return url_for("sent.answers", handle=handle)
    return (
        url_for("question.show", handle=handle, page_id=wanted)
        if wanted
        else url_for("question.resume", handle=handle)
    )


def _page(
    facts: PageFacts, patient: Patient, handle: str, purpose: str, *, sent: bool = False, problem: str = ""
) -> str:
    chosen = visitor.language()
    phone = patient.phone
    return render_template(
        "code.html",
        lang=chosen,
        t=texts(chosen),
        handle=handle,
        purpose=purpose,
        sent=sent,
        problem=problem,
        # The last two digits, so that the patient knows which phone to look at.
        phone_end=phone.reveal()[-2:] if phone else "",
        to=request.values.get("to", ""),
        clinic_phone=facts.phone_shown,
    )
