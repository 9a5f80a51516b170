"""The last page before sending, and the sending."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from kernel.database import Database
from services.intake.actions.submit_draft import NotComplete, submit_draft
from services.intake.queries.drafts import Draft
from services.intake.queries.rulebook import current_rulebook
from services.intake.routes import visitor
from services.intake.routes.answering import answer_link, draft_behind, use_up, who_types
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.typing_for import TypingFor, typing_for
from services.intake.rules.branching import left_empty
from services.intake.rules.progress import progress
from services.intake.texts import texts


def review_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the review page."""
    routes = Blueprint("review", __name__)

    @routes.get("/review/<handle>")
    def look(handle: str) -> str:
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = draft_behind(session, link)
            return _review(facts, handle, draft, (), typing_for(session, link, draft.submission))

    @routes.post("/review/<handle>")
    def send(handle: str) -> Response | str | tuple[str, int]:
        """Send the draft; incomplete, it stays a draft and the pages that lack an answer are named."""
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = draft_behind(session, link, lock=True)
            actor = who_types(link, draft.submission)
            try:
                submit_draft(session, actor, draft, current_rulebook(session))
            except NotComplete as missing:
                typing = typing_for(session, link, draft.submission)
                return _review(facts, handle, draft, missing.pages, typing), 422
            closed = use_up(session, actor, link)
        return redirect(url_for("status.show", handle=closed), 303)

    return routes


def _review(
    facts: PageFacts, handle: str, draft: Draft, missing: tuple[str, ...], typing: TypingFor | None
) -> str:
    chosen = visitor.language()
    # A page that was passed over counts as a page; what it left empty is told, or it would read like a "no".
    state = {
        page.link_id: (draft.is_saved(page), left_empty(draft.form, page, draft.items, draft.purse))
        for page in draft.pages
    }
    return render_template(
        "review.html",
        lang=chosen,
        t=texts(chosen),
        typing=typing,
        handle=handle,
        state=state,
        progress=progress(draft.form, draft.pages, None, draft.is_saved),
        answered=sum(done for done, _ in state.values()),
        missing=[page for page in draft.pages if page.link_id in missing],
        clinic_phone=facts.phone_shown,
    )
