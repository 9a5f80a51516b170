"""Plan the text of an offered time, or what is said when the offer came to nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.outbox import wake
from kernel.personal import seal_json
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import Patient, PlannedMessage
from services.notify.queries.reach import Contactable, reach_of
from services.notify.rules.cadence import CHANNELS
from services.notify.rules.wording import message_language


def plan_offer(
    session: Session,
    step: str,
    *,
    offer_id: UUID,
    patient_id: UUID,
    about: Mapping[str, Any],
    expires_at: datetime,
    exempt: str = "",
    only: str = "",
) -> list[UUID]:
    """Plan `step` about an offer for now, on the first channel that can be used (or on `only`); return the new ids.

    A channel passed over, and both when none can be used, get their row with the reason. The gate has the last word
    on caps, opt-outs and quiet hours: an offer does not wait for the morning, it expires with the reason.
    """
    at = now(session)
    patient = session.get(Patient, patient_id)
    language, note = message_language(patient.language if patient else "en")
    reach = reach_of(session, patient_id, "waitlist")
    planned = []
    for channel in _channels(reach, only):
        barrier = reach[channel].barrier
        message_id = new_id()
        added = session.execute(
            insert(PlannedMessage)
            .values(
                id=message_id,
                patient_id=patient_id,
                cause_id=offer_id,
                step=step,
                channel=channel,
                topic="waitlist",
                contact_point_id=reach[channel].contact_point_id,
                language=language,
                language_note=note,
                template=step,
                exempt=exempt,
                about_sealed=seal_json(about, f"notify.planned_message.about_sealed.{message_id}"),
                planned_for=at,
                expires_at=expires_at,
                state="suppressed" if barrier else "due",
                reason=barrier,
                created_at=at,
                due_at=at,
            )
            .on_conflict_do_nothing()
            .returning(PlannedMessage.id)
        ).scalar()
        if added is not None:
            record_moves(session, [Move(added, "", "suppressed" if barrier else "due", barrier)], at)
            planned.append(added)
    wake(session)
    return planned


def offer_channels_told(session: Session, offer_id: UUID) -> list[tuple[str, Any]]:
    """Where a patient was (or may have been) told of the offer: each channel with what the message was about.

    A message that cannot be read is left out, and stops neither the others nor the event.
    """
    told = select(PlannedMessage).where(
        PlannedMessage.cause_id == offer_id,
        PlannedMessage.step == "slot_offered",
        PlannedMessage.state.in_(("sending", "sent", "delivered", "unknown")),
    )
    readable = []
    for row in session.scalars(told):
        try:
            readable.append((row.channel, row.about.reveal() if row.about is not None else {}))
        except UnreadableField:
            # Which time was offered nobody can say any more; the other channel is told all the same.
            log().error("message_unreadable", message=str(row.id))
    return readable


def _channels(reach: Mapping[str, Contactable], only: str) -> list[str]:
    if only:
        return [only]
    usable = next((channel for channel in CHANNELS if not reach[channel].barrier), CHANNELS[-1])
    return list(CHANNELS[: CHANNELS.index(usable) + 1])
