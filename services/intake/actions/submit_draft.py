"""The patient sends a finished draft."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.finish_submission import finish_submission
from services.intake.actions.record_flags import record_flags
from services.intake.actions.show_safety_text import show_safety_text
from services.intake.model import Patient
from services.intake.queries.drafts import Draft
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.answer_variables import to_variables
from services.intake.rules.branching import Branching, unanswered
from services.intake.rules.decides_a_route import decides_a_route
from services.intake.rules.not_asked import not_asked


class NotComplete(Exception):
    """Open pages still lack a required answer; nothing was sent and the draft is kept."""

    def __init__(self, pages: tuple[str, ...]) -> None:
        super().__init__(f"{len(pages)} pages are not complete")
        self.pages = pages


def submit_draft(session: Session, actor: Actor, draft: Draft, rulebook: Rulebook) -> str | None:
    """Check the whole draft by the protocol in force and send it; return the most urgent action: E, S or None.

    Raises `NotComplete`.
    """
    submission, form = draft.submission, draft.form
    content = submission.content
    held = content.reveal() if content is not None else {}
    items = draft.items
    open_pages = Branching(form, items, purse=draft.purse).open_pages()
    lacking = tuple(page.link_id for page in open_pages if unanswered(form, page, items, draft.purse))
    answers = to_variables(form, items, rulebook.units, rulebook.protected, draft.purse)
    typed, errors = rulebook.protocol.check_answers(answers)
    if lacking or not held.get("pages"):
        raise NotComplete(lacking or tuple(page.link_id for page in open_pages[:1]))
    for error in errors:
        # A newer protocol may have dropped a variable or narrowed a range: what it cannot read stays unknown to it.
        typed.pop(error.field.partition("[")[0], None)
    flags = rulebook.flags(typed)
    submission.version += 1
    submission.content = {**held, "answers": answers}
    urgent = record_flags(session, actor, submission, rulebook, flags)
    show_safety_text(session, submission, flags, urgent)
    finish_submission(
        session,
        actor,
        submission,
        session.get_one(Patient, submission.patient_id),
        rulebook=rulebook,
        answers=typed,
        stopped=urgent == "E",
        routed=urgent is not None or decides_a_route(form),
        not_asked=not_asked(form, items, draft.purse),
    )
    return urgent
