"""A provider said that a number or address can never be reached: stop using it and ask staff for another."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from services.notify.actions.open_staff_item import SYSTEM, open_staff_item

MARK = """
UPDATE contact_point SET dead_at = :now, dead_code = :code WHERE id = :id AND dead_at IS NULL RETURNING id
"""


def mark_dead(
    session: Session, contact_point_id: UUID, code: str, patient_id: UUID | None, appointment_id: UUID | None
) -> None:
    """Mark the contact point dead under the provider's `code` and put it on the call list."""
    values = {"now": now(session), "code": code, "id": contact_point_id}
    if session.execute(text(MARK), values).scalar() is None:
        return
    record(session, SYSTEM, "mark_contact_dead", "contact_point", contact_point_id, reason=code)
    open_staff_item(
        session,
        "number_dead",
        contact_point_id,
        patient_id=patient_id,
        appointment_id=appointment_id,
        contact_point_id=contact_point_id,
        code=code,
        again=True,
    )
