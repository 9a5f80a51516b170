"""A patient's link was locked: staff are to call, as the patient may be the one who cannot get in."""

from sqlalchemy.orm import Session

from kernel.contracts.link_locked import LinkLocked
from kernel.events import Event
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.remember_patient import remember_patient


def on_link_locked(session: Session, event: Event) -> None:
    """Put the link on the call list, once."""
    heard = LinkLocked.model_validate(event.data)
    remember_patient(
        session,
        heard.patient_id,
        heard.patient,
        language=heard.patient.language,
        said_at=heard.at,
    )
    open_staff_item(session, "link_locked", heard.link_id, patient_id=heard.patient_id)
