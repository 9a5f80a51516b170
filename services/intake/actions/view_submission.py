"""Look at one submission, which is recorded."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.ids import parse_id
from kernel.web.problems import not_found
from services.intake.model import Submission


def view_submission(session: Session, actor: Actor, submission_id: str) -> Submission:
    """Return the submission and record who read it; raises the 404 for an id nobody knows."""
    found = parse_id(submission_id)
    submission = session.get(Submission, found) if found else None
    if submission is None:
        raise not_found("submission")
    record(session, actor, "view_submission", "submission", submission.id)
    return submission
