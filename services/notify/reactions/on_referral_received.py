"""A patient was referred from outside: keep how to reach them. Nobody asked them whether we may write."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_received import ReferralReceived
from kernel.events import Event
from services.notify.actions.remember_patient import remember_patient


def on_referral_received(session: Session, event: Event) -> None:
    """Remember the patient; the call list then has a number, and each message not sent says that consent is missing."""
    told = ReferralReceived.model_validate(event.data)
    remember_patient(
        session,
        told.patient_id,
        told.patient,
        language=told.patient.language,
        said_at=event.time,
        whole=False,
    )
