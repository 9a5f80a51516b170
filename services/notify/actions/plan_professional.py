"""Plan one message to somebody who works here or sent us a patient."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.personal import seal_json
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import PlannedMessage

USEFUL = timedelta(hours=24)


def plan_professional(
    session: Session,
    template: str,
    channel: str,
    *,
    cause_id: UUID,
    topic: str,
    contact_point_id: UUID,
    values: Mapping[str, str],
    urgent: bool = False,
) -> bool:
    """Plan `template` for now, once for this cause and channel; return whether it is new.

    Patients' consents and caps are not about these people; a number that opted out or is dead is left alone like any.
    """
    at = now(session)
    message_id = new_id()
    added = session.execute(
        insert(PlannedMessage)
        .values(
            id=message_id,
            cause_id=cause_id,
            step=template,
            channel=channel,
            topic=topic,
            contact_point_id=contact_point_id,
            language="en",
            template=template,
            urgent=urgent,
            exempt="professional",
            about_sealed=seal_json(
                {"notice": dict(values)}, f"notify.planned_message.about_sealed.{message_id}"
            ),
            planned_for=at,
            expires_at=at + USEFUL,
            state="due",
            created_at=at,
            due_at=at,
        )
        .on_conflict_do_nothing()
        .returning(PlannedMessage.id)
    ).scalar()
    if added is None:
        return False
    record_moves(session, [Move(added, "", "due", "professional")], at)
    wake(session)
    return True
