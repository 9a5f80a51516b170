"""The working link and the open draft behind a request, and the end of both."""

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import not_found
from services.intake.actions.issue_link import issue_link
from services.intake.model import PatientLink
from services.intake.queries.drafts import Draft, draft_of
from services.intake.queries.links import find_link, find_used_link
from services.intake.routes import visitor

STATUS_LINK_DAYS = 180


class AlreadySent(Exception):
    """This browser sent its answers, or was stopped, and did not hear so: it is shown what came of it."""

    def __init__(self, link: PatientLink) -> None:
        super().__init__("already sent")
        self.link_id = link.id


def answer_link(session: Session, token: str) -> PatientLink:
    """The link a patient answers by; the one 404 for everything else.

    Raises `AlreadySent` when this very browser used it up: an emergency text must not be lost with a connection.
    """
    link = find_link(session, token, "answer")
    if link is None:
        used = find_used_link(session, token)
        if used is not None and visitor.is_let_in(used.id):
            raise AlreadySent(used)
    if link is None or link.submission_id is None:
        raise not_found("page")
    return link


def draft_behind(session: Session, link: PatientLink, *, lock: bool = False) -> Draft:
    """The link's open draft; 404 when it was sent or stopped."""
    draft = draft_of(session, link.submission_id, lock=lock) if link.submission_id else None
    if draft is None:
        raise not_found("page")
    return draft


def use_up(session: Session, actor: Actor, link: PatientLink) -> str:
    """End the answering link; return the token of one that only shows the status."""
    link.used_at = link.used_at or now(session)
    token, status_link = issue_link(
        session,
        actor,
        "status",
        patient_id=link.patient_id,
        submission_id=link.submission_id,
        days=STATUS_LINK_DAYS,
        replaces_earlier=False,
    )
    visitor.let_in(status_link.id)
    return token
