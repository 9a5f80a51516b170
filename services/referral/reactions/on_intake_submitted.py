"""A questionnaire was finished: evaluate it and put the referral on the worklist."""

from sqlalchemy.orm import Session

from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.events import Event
from services.referral.actions.receive_submission import receive_submission


def on_intake_submitted(session: Session, event: Event) -> None:
    """Receive the submission; see `receive_submission` for what repeats and corrections do."""
    receive_submission(session, IntakeSubmitted.model_validate(event.data))
