"""A patient wants to read their answers back: text them the code."""

from sqlalchemy.orm import Session

from kernel.contracts.code_requested import CodeRequested
from kernel.events import Event
from services.notify.actions.plan_code import plan_code
from services.notify.actions.remember_patient import remember_patient


def on_code_requested(session: Session, event: Event) -> None:
    """Remember the phone it is for (we may not have heard of this patient yet), and plan the text."""
    asked = CodeRequested.model_validate(event.data)
    remember_patient(
        session,
        asked.patient_id,
        asked.patient,
        # The code is in the words of the page it was asked on; that page decides nothing for later messages.
        language="",
        said_at=event.time,
    )
    plan_code(session, asked)
