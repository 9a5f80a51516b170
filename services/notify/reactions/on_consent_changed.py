"""A patient said something else about messages than before: it holds from now on, and for what waits."""

from sqlalchemy.orm import Session

from kernel.contracts.consent import ConsentChanged
from kernel.events import Event
from services.notify.actions.agree_by_channel import agree_by_channel
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.queries.patient_records import known_records


def on_consent_changed(session: Session, event: Event) -> None:
    """Keep it on every record of theirs we know, and plan coming visits again; of a stranger there is nothing to keep.

    Who is a stranger here answers questions next, and that event says it again.
    """
    heard = ConsentChanged.model_validate(event.data)
    records = known_records(session, heard.patient_id)
    if records:
        agree_by_channel(session, records, heard.consents)
        plan_visits_of(session, records)
