"""A message did not reach the patient: the next channel takes it over, and after the last one a person calls."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.outbox import wake
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.plan_offer import plan_offer
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import Appointment, PlannedMessage, SlotOffer, StaffItem
from services.notify.queries.reach import reach_of

# What makes a channel, and not the message, the obstacle.
CHANNEL_FAULTS = ("no_contact", "no_consent", "opted_out", "number_dead")
TAKES_OVER = {"sms": "email"}
STILL_HOPING = ("due", "sending", "sent", "delivered", "unknown")


def plan_next_channel(session: Session, message_id: UUID) -> None:
    """Go one step down the chain of a visit's message that ended without reaching anyone: text, e-mail, call.

    Does nothing when another channel has, or is about to have, the same step: nobody is contacted twice for it.
    """
    failed = session.get(PlannedMessage, message_id, populate_existing=True)
    if failed is not None and failed.topic == "waitlist":
        _offer_by_mail(session, failed)
        return
    if failed is None or failed.appointment_id is None or failed.patient_id is None:
        return
    visit = session.get(Appointment, failed.appointment_id)
    if visit is None or visit.version != failed.appointment_version or now(session) >= failed.expires_at:
        return
    same_step = select(PlannedMessage).where(
        PlannedMessage.appointment_id == failed.appointment_id,
        PlannedMessage.appointment_version == failed.appointment_version,
        PlannedMessage.step == failed.step,
        PlannedMessage.id != failed.id,
    )
    others = {row.channel: row for row in session.scalars(same_step)}
    if any(row.state in STILL_HOPING for row in others.values()):
        return
    channel = TAKES_OVER.get(failed.channel)
    if channel is None or channel in others:
        _ask_to_call(session, failed)
        return
    contact = reach_of(session, failed.patient_id, failed.topic)[channel]
    _add_successor(session, failed, channel, contact.contact_point_id, contact.barrier)
    if contact.barrier:
        _ask_to_call(session, failed)


def _add_successor(
    session: Session, failed: PlannedMessage, channel: str, point: UUID | None, barrier: str
) -> None:
    at = now(session)
    row = PlannedMessage(
        id=new_id(),
        patient_id=failed.patient_id,
        appointment_id=failed.appointment_id,
        appointment_version=failed.appointment_version,
        step=failed.step,
        channel=channel,
        topic=failed.topic,
        contact_point_id=point,
        language=failed.language,
        language_note=failed.language_note,
        template=failed.template,
        urgent=failed.urgent,
        exempt=failed.exempt,
        planned_for=at,
        expires_at=failed.expires_at,
        state="suppressed" if barrier else "due",
        reason=barrier or f"after_{failed.channel}",
        created_at=at,
        due_at=at,
    )
    session.add(row)
    session.flush()
    record_moves(session, [Move(row.id, "", row.state, row.reason)], at)
    wake(session)


def _offer_by_mail(session: Session, failed: PlannedMessage) -> None:
    """An offer lives for minutes: its e-mail goes out while it stands, and nobody calls about it.

    An offer whose end is being heard right now is not waited for: there is nothing to offer any more.
    """
    if (
        failed.channel != "sms"
        or failed.cause_id is None
        or failed.patient_id is None
        or failed.about_sealed is None
    ):
        return
    standing = select(SlotOffer.id).where(SlotOffer.id == failed.cause_id, SlotOffer.state == "offered")
    if session.scalars(standing.with_for_update(read=True, skip_locked=True)).first() is None:
        return
    try:
        about = failed.about.reveal() if failed.about else {}
    except UnreadableField:
        # Its text could not be written either; the others of its batch go on, and its row says why.
        log().error("message_unreadable", message=str(failed.id))
        return
    plan_offer(
        session,
        failed.step,
        offer_id=failed.cause_id,
        patient_id=failed.patient_id,
        about=about,
        expires_at=failed.expires_at,
        exempt=failed.exempt,
        only="email",
    )


def _ask_to_call(session: Session, message: PlannedMessage) -> None:
    """One call for a visit, whatever number of its messages came to nothing; none beside that about a dead number."""
    assert message.appointment_id is not None
    asked = select(StaffItem.id).where(
        StaffItem.kind == "number_dead",
        StaffItem.contact_point_id == message.contact_point_id,
        StaffItem.state == "open",
    )
    if session.scalars(asked).first() is not None:
        return
    open_staff_item(
        session,
        "call_patient",
        message.appointment_id,
        patient_id=message.patient_id,
        appointment_id=message.appointment_id,
        contact_point_id=message.contact_point_id,
        code=message.reason,
    )
