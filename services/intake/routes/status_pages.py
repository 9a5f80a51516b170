"""What a patient may follow with a link and their birth date: safety text first, then what happens next."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.database import Database
from services.intake.actions.note_safety_read import note_safety_read
from services.intake.model import PatientLink, ReferralView, Submission, VisitView
from services.intake.queries.reading_rights import may_read
from services.intake.queries.submissions import notices_of, referral_of, visits_of
from services.intake.routes import visitor
from services.intake.routes.answering import held_link, who_types
from services.intake.routes.entry_pages import exchange, gate_page
from services.intake.routes.notice_lines import notice_lines
from services.intake.routes.own_schedule import FirstTime, OwnSchedule
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.typing_for import typing_for
from services.intake.rules.link_tokens import TOKEN_LENGTH
from services.intake.rules.safety_kinds import urgency
from services.intake.rules.spoken_time import spoken_time
from services.intake.texts import say, texts

STEPS = ("received", "review", "contact", "visit")
REACHED = {
    "received": 1,
    "needs_triage": 1,
    "waiting_on_patient": 1,
    "accepted": 2,
    "redirected": 2,
    "to_book": 2,
    "booked": 3,
    "attended": 4,
    "closed": 4,
}
ACCEPTED, ATTENDED = 2, 4


def status_pages(database: Database, facts: PageFacts, schedule: OwnSchedule) -> Blueprint:
    """Return the blueprint of the status page."""
    routes = Blueprint("status", __name__)

    @routes.get("/s/<handle>/")
    def show(handle: str) -> Response | str:
        """Safety text first, then where things stand."""
        if len(handle) == TOKEN_LENGTH:
            return exchange(database, handle, "status")
        with database.transaction() as session:
            link = held_link(session, handle, "status")
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            submission, referral = _behind(session, link)
            chosen = visitor.language()
            state = referral.state if referral else "received"
            reached = REACHED.get(state, 1)
            # A clinician has spoken with them and accepted: the alarm of then is not repeated.
            stopped = submission is not None and submission.state == "stopped" and reached < ACCEPTED
            notices = notices_of(session, submission.id) if submission and reached < ACCEPTED else []
            visits = visits_of(session, link.patient_id, referral.referral_id if referral else None)
            outside = submission is None
            shown = {
                "lang": chosen,
                "t": texts(chosen),
                "handle": handle,
                "typing": typing_for(session, link, submission) if submission else None,
                "stopped": stopped,
                "outside": outside,
                "notices": [
                    {
                        "kind": one.kind,
                        "lines": notice_lines(one, chosen),
                        "read": one.read_at,
                    }
                    for one in sorted(notices, key=lambda one: urgency(one.kind))
                ],
                "steps": STEPS,
                "reached": reached,
                "state_text": _state_text(state, chosen, outside=outside),
                "visits": [
                    _visit(visit, chosen, now(session)) for visit in visits if visit.starts_at is not None
                ],
                "has_answers": not outside,
                "reads_back": may_read(session, link, visitor.device()),
                "guide": _guide(referral, reached, chosen),
                "clinic_phone": facts.phone_shown,
            }
            at_home = not visitor.at_kiosk()
            to_choose = referral.referral_id if referral and at_home and state == "to_book" else None
        # Asked with no transaction open: nobody's connection waits for another service.
        first_time = schedule.first_time(to_choose) if to_choose else FirstTime()
        return render_template("status.html", first_time=first_time, **shown)

    @routes.post("/s/<handle>/read")
    def read(handle: str) -> Response | str:
        with database.transaction() as session:
            link = held_link(session, handle, "status")
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            submission, _ = _behind(session, link)
            if submission is not None:
                note_safety_read(session, who_types(link, submission), submission, now(session))
        return redirect(url_for("status.show", handle=handle), 303)

    return routes


def _behind(session: Session, link: PatientLink) -> tuple[Submission | None, ReferralView | None]:
    """What the link follows: a submission and its referral, or a referral from outside alone."""
    submission = session.get(Submission, link.submission_id) if link.submission_id else None
    if link.referral_id is not None:
        return submission, session.get(ReferralView, link.referral_id)
    return submission, referral_of(session, submission.id) if submission else None


def _state_text(state: str, language: str, *, outside: bool) -> str:
    words = texts(language)["status"]
    known = words["reached"] | (words["reached_outside"] if outside else {})
    return str(known.get(state, known["other"]))


def _guide(referral: ReferralView | None, reached: int, language: str) -> dict[str, list[str]] | None:
    """How to get ready, once a nurse has confirmed where: the words name no route and no diagnosis."""
    if referral is None or not ACCEPTED <= reached < ATTENDED:
        return None
    guides = texts(language)["guide"]
    found: dict[str, list[str]] = guides.get(referral.route, guides["other"])
    return found


def _visit(visit: VisitView, language: str, at: datetime) -> dict[str, Any]:
    assert visit.starts_at is not None
    local = visit.starts_at.astimezone(ZoneInfo(visit.time_zone))
    return {
        "text": say("status.visit", language, when=spoken_time(local, language), site=visit.site_name),
        "address": visit.site_address,
        "cancelled": visit.state == "cancelled",
        "id": str(visit.appointment_id),
        "ahead": visit.state == "booked" and visit.starts_at > at,
    }
