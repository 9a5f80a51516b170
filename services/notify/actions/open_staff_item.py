"""Put something before staff, once."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.notify.model import StaffItem

SYSTEM = Actor("system", "notify")


def open_staff_item(
    session: Session,
    kind: str,
    about_id: UUID,
    *,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    contact_point_id: UUID | None = None,
    code: str = "",
    again: bool = False,
) -> bool:
    """Open an item of `kind` about `about_id`, unless there was one; return whether it was opened.

    `again`: something new has happened since, so an item that was closed is opened a second time.
    """
    new = insert(StaffItem).values(
        id=new_id(),
        kind=kind,
        about_id=about_id,
        patient_id=patient_id,
        appointment_id=appointment_id,
        contact_point_id=contact_point_id,
        code=code,
        opened_at=now(session),
    )
    reopened = new.on_conflict_do_update(
        constraint="uq_staff_item_kind",
        set_={
            "state": "open",
            "patient_id": patient_id,
            "appointment_id": appointment_id,
            "code": code,
            "opened_at": now(session),
            "closed_at": None,
            "closed_by": "",
            "outcome": "",
            "version": StaffItem.version + 1,
        },
        where=StaffItem.state == "closed",
    )
    wanted = reopened if again else new.on_conflict_do_nothing()
    opened = session.execute(wanted.returning(StaffItem.id)).scalar()
    if opened is None:
        return False
    record(session, SYSTEM, "open_staff_item", "staff_item", opened, reason=kind, details={"code": code})
    return True
