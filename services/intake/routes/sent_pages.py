"""What the patient sent, read back: only in a browser that gave the one-time code, or on the clinic's own tablet."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from kernel.audit import record
from kernel.context import Actor
from kernel.database import Database
from services.intake.model import Submission
from services.intake.queries.forms import form_at
from services.intake.queries.reading_rights import may_read
from services.intake.routes import visitor
from services.intake.routes.answering import LinkRefused, held_link
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.answer_rows import as_asked
from services.intake.rules.answer_words import page_answers
from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.spoken_time import spoken_time
from services.intake.texts import texts

CLINIC_ZONE = ZoneInfo("America/Chicago")


def sent_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the page that reads answers back."""
    routes = Blueprint("sent", __name__)

    @routes.get("/s/<handle>/answers")
    def answers(handle: str) -> Response | str:
        with database.transaction() as session:
            link = held_link(session, handle, "status")
            if link.submission_id is None:
                raise LinkRefused
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            if not may_read(session, link, visitor.device()):
                return redirect(url_for("code.ask", handle=handle, purpose="status"), 303)
            submission = session.get_one(Submission, link.submission_id)
            form = form_at(session, submission.form, submission.form_version)
            content = submission.content
            held: dict[str, Any] = content.reveal().get("items", {}) if content is not None else {}
            items = as_asked(form, held) if form is not None else held
            record(
                session,
                Actor("patient", str(link.patient_id)),
                "read_own_answers",
                "submission",
                submission.id,
            )
        chosen = visitor.language()
        t = texts(chosen)
        purse = Purse(ALL_STEPS_MAX)
        pages = Branching(form, items, purse=purse).open_pages() if form is not None else []
        return render_template(
            "sent.html",
            lang=chosen,
            t=t,
            handle=handle,
            when=spoken_time(submission.submitted_at.astimezone(CLINIC_ZONE), chosen)
            if submission.submitted_at
            else "",
            pages=[
                (page.text, page_answers(form, page, items, chosen, answer_vocabulary(t), purse=purse))
                for page in pages
                if form is not None
            ],
            clinic_phone=facts.phone_shown,
        )

    return routes


def answer_vocabulary(t: dict[str, Any]) -> dict[str, str]:
    """The words answers are made of in one language."""
    return {name: t[name] for name in ("yes", "no", "not_sure", "none_of_these")} | {
        "file": t["sent"]["file"]
    }
