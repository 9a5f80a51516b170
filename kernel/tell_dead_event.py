"""An event was given up: managers are written to, and staff have an item, because nobody watches `/ready`."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.professional_notice import StaffAlerted
from kernel.outbox import emit

KIND = "event_dead"


def tell_dead_event(session: Session, event_type: str) -> None:
    """Alert managers that an event of `event_type` did not reach its listener; one alert a type, however many do not.

    An alert that was itself given up is not told of: that would be given up too, and so on.
    """
    if event_type == "staff_alerted":
        return
    alert_id = uuid5(NAMESPACE_URL, f"{KIND}:{event_type}")
    alert = StaffAlerted(
        alert_id=alert_id, kind=KIND, roles=["manager"], site="", urgent=False, at=now(session)
    )
    emit(session, "staff_alerted", alert_id, alert)
