"""Take a turn on call out of the rota."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.notify.model import DutyTurn, StaffContact


def end_duty_turn(session: Session, actor: Actor, contact: StaffContact, turn_id: UUID) -> bool:
    """End a turn that runs now, drop one that has not begun; False when there is no such turn to come.

    What is over stays as it was. The caller holds the contact's row.
    """
    turn = session.get(DutyTurn, turn_id)
    moment = now(session)
    if turn is None or turn.contact_id != contact.id or turn.ends_at <= moment:
        return False
    if turn.starts_at < moment:
        turn.ends_at = moment
    else:
        session.delete(turn)
    contact.version += 1
    record(session, actor, "end_duty_turn", "staff_contact", contact.id, details={"turn": str(turn_id)})
    return True
