"""Two records are not one person after all: each shows its own messages again."""

from sqlalchemy.orm import Session

from kernel.contracts.patient_merge import PatientsMerged
from kernel.events import Event
from services.notify.actions.follow_merge import follow_merge


def on_patients_unmerged(session: Session, event: Event) -> None:
    """Follow what staff decided."""
    follow_merge(session, PatientsMerged.model_validate(event.data))
