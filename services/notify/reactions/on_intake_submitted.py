"""A patient submitted a questionnaire: keep how to reach them, and plan visits they already have again."""

from sqlalchemy.orm import Session

from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.events import Event
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.remember_patient import remember_patient


def on_intake_submitted(session: Session, event: Event) -> None:
    """Remember the patient of this submission, with the consents given in it."""
    heard = IntakeSubmitted.model_validate(event.data)
    consents = {"sms": heard.consent_sms, "email": heard.consent_email}
    remember_patient(
        session,
        heard.patient_id,
        heard.patient,
        language=heard.language,
        consents=consents,
        source="intake",
        said_at=event.time,
    )
    plan_visits_of(session, [heard.patient_id])
