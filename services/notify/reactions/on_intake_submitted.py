"""A patient submitted a questionnaire: keep how to reach them, and plan visits they already have again."""

from sqlalchemy.orm import Session

from kernel.contracts.consent import ConsentSaid
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.events import Event
from services.notify.actions.agree_by_channel import agree_by_channel
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.remember_patient import remember_patient


def on_intake_submitted(session: Session, event: Event) -> None:
    """Remember the patient of this submission, with what they last said about messages."""
    heard = IntakeSubmitted.model_validate(event.data)
    said = heard.consents
    if said is None:
        said = (
            ConsentSaid(channel="sms", given=heard.consent_sms, said_at=event.time),
            ConsentSaid(channel="email", given=heard.consent_email, said_at=event.time),
        )
    remember_patient(
        session, heard.patient_id, heard.patient, language=heard.patient.language, said_at=event.time
    )
    agree_by_channel(session, [heard.patient_id], said)
    plan_visits_of(session, [heard.patient_id])
