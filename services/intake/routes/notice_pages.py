"""A safety text between two pages of questions: somebody will call today, or help for thoughts of self-harm."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.database import Database
from services.intake.actions.note_safety_read import note_safety_read
from services.intake.queries.submissions import notices_of
from services.intake.routes import visitor
from services.intake.routes.answering import answer_link, draft_behind, who_types
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.notice_lines import notice_lines
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.typing_for import typing_for
from services.intake.rules.safety_kinds import urgency
from services.intake.texts import texts


def notice_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the page that shows a safety text before any further question."""
    routes = Blueprint("notice", __name__)

    @routes.get("/notice/<handle>")
    def show(handle: str) -> Response | str:
        """The texts not read yet, in the language of this visit; without one, on with the questions."""
        chosen = visitor.language()
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = draft_behind(session, link)
            typing = typing_for(session, link, draft.submission)
            waiting = [
                (one.kind, notice_lines(one, chosen))
                for one in sorted(notices_of(session, draft.submission.id), key=lambda one: urgency(one.kind))
                if one.read_at is None
            ]
        if not waiting:
            return redirect(url_for("question.resume", handle=handle), 303)
        return render_template(
            "notice.html",
            lang=chosen,
            t=texts(chosen),
            typing=typing,
            notices=waiting,
            clinic_phone=facts.phone_shown,
        )

    @routes.post("/notice/<handle>")
    def read(handle: str) -> Response | str:
        """They say they read it: noted with the time, then on with the questions."""
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = draft_behind(session, link, lock=True)
            note_safety_read(session, who_types(link, draft.submission), draft.submission, now(session))
        return redirect(url_for("question.resume", handle=handle), 303)

    return routes
