"""A submission as it was answered, in words, for staff: every question on its own version, who answered, and files."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.web.principal import allow, principal
from services.intake.actions.view_submission import view_submission
from services.intake.model import Submission
from services.intake.queries.forms import form_at
from services.intake.routes.response_routes import READS
from services.intake.routes.sent_pages import answer_vocabulary
from services.intake.routes.submission_view import submission_json
from services.intake.rules.answer_rows import as_asked
from services.intake.rules.answer_words import page_answers
from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.form import answers_in, in_language
from services.intake.schemas import AnyOut
from services.intake.texts import texts

#: Staff read the questions in English whatever language they were answered in; what was written stays as written.
STAFF_LANGUAGE = "en"
KEPT = (
    "id",
    "patient_id",
    "questionnaire",
    "status",
    "language",
    "mode",
    "answered_by",
    "author",
    "started_at",
    "submitted_at",
    "safety_notices",
    "uploads",
)


def answered_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of submissions in words."""
    routes = APIBlueprint("answered", __name__)

    @routes.get("/submissions/<submission_id>/as-answered")
    @allow(roles=READS, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def as_answered(submission_id: str) -> Any:
        """Questions and answers in words, page by page, on the version they were given on; the reading is recorded."""
        with database.transaction() as session:
            submission = view_submission(session, principal().actor, submission_id)
            return _in_words(session, submission)

    return routes


def _in_words(session: Session, submission: Submission) -> dict[str, Any]:
    whole = submission_json(session, submission)
    form = form_at(session, submission.form, submission.form_version)
    words = answer_vocabulary(texts(STAFF_LANGUAGE))
    pages = []
    items = as_asked(form, whole["items"]) if form is not None else {}
    purse = Purse(ALL_STEPS_MAX)
    for page in Branching(form, items, purse=purse).open_pages() if form is not None else []:
        assert form is not None
        said = page_answers(form, page, items, STAFF_LANGUAGE, words, purse=purse)
        answers = [{"question": one.question, "answers": list(one.answers)} for one in said]
        # A total nobody has is told too: staff would look for it.
        answers += [
            {
                "question": in_language(one.text, STAFF_LANGUAGE),
                "answers": [texts(STAFF_LANGUAGE)["total_given_up"]],
            }
            for one in answers_in(page)
            if one.link_id in whole["given_up"]
        ]
        if answers:
            given = whole["pages"].get(page.link_id, {})
            pages.append({"title": in_language(page.text, STAFF_LANGUAGE), "answers": answers, **given})
    return {
        **{name: whole[name] for name in KEPT},
        "title": in_language(form.title, STAFF_LANGUAGE) if form is not None else "",
        "pages": pages,
    }
