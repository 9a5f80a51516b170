"""Planned messages, kept for ever, and everything that became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import NOW, Moment, PgUuid
from services.notify.model.base import Base


class PlannedMessage(Base):
    """One message: unique per (appointment, version, step, channel), or per (cause, step, channel) without a visit.

    `state` "due" means planned and waiting; `reason` says why a message is not, or not yet, sent. `exempt` names
    the rule by which a message does not count against the daily and weekly caps. `planned_for` is the time first
    planned; `due_at` moves when quiet hours or a provider make it wait. `about` holds what a message without a visit
    is made of (rules/compose.py: about_values); `values` and `text` are what was sent.
    """

    __tablename__ = "planned_message"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID | None] = mapped_column(PgUuid)
    appointment_id: Mapped[UUID | None] = mapped_column(PgUuid)
    appointment_version: Mapped[int | None] = mapped_column(Integer)
    cause_id: Mapped[UUID | None] = mapped_column(PgUuid)
    step: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    language: Mapped[str] = mapped_column(Text)
    language_note: Mapped[str] = mapped_column(Text, server_default="")
    template: Mapped[str] = mapped_column(Text)
    template_version: Mapped[int | None] = mapped_column(Integer)
    about_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    about = PersonalField[dict[str, Any]]("about_sealed")
    values_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    values = PersonalField[dict[str, Any]]("values_sealed")
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text = PersonalField[str]("text_sealed")
    urgent: Mapped[bool] = mapped_column(Boolean, server_default=sql_text("false"))
    exempt: Mapped[str] = mapped_column(Text, server_default="")
    planned_for: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    unknown_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    rung_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str] = mapped_column(Text, server_default="")
    attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    # It ended its sender twice. Not said by `reason`, which is the newest thing to say about a message that waits.
    goes_alone: Mapped[bool] = mapped_column(Boolean, server_default=sql_text("false"))
    # Sent, if at all, only after the carrier said that it had it not since then (a restored database).
    ask_since: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint(
            "appointment_id",
            "appointment_version",
            "step",
            "channel",
            name="uq_planned_message_appointment_id",
        ),
        UniqueConstraint("cause_id", "step", "channel", name="uq_planned_message_cause_id"),
        Index("ix_planned_message_patient_id", "patient_id"),
        Index("ix_planned_message_contact_point_id", "contact_point_id", "sent_at"),
        Index(
            "ix_planned_message_unrung",
            "due_at",
            postgresql_where=sql_text("state = 'due' AND rung_at IS NULL"),
        ),
        Index("ix_planned_message_due", "due_at", postgresql_where=sql_text("state = 'due'")),
        Index(
            "ix_planned_message_alone",
            "due_at",
            postgresql_where=sql_text("state = 'due' AND goes_alone"),
        ),
        Index("ix_planned_message_catch_up", "expires_at", postgresql_where=sql_text("state = 'due'")),
        Index("ix_planned_message_sending", "lease_until", postgresql_where=sql_text("state = 'sending'")),
        # What stays unknown for ever, because its visit began, is nobody's work any more.
        Index(
            "ix_planned_message_unknown",
            "unknown_at",
            postgresql_where=sql_text("state = 'unknown' AND reason <> 'unknown_at_visit'"),
        ),
    )


class SendAttempt(Base):
    """One try to hand a message to a provider, committed before the first byte goes out.

    `started_at` is the machine's clock, like the provider's, and not business time: look-ups compare the two.
    `marks_handover`: nothing deliverable leaves before `handed_over_at` is committed, so that an attempt without it
    is known not to have been transmitted (0135-letters-are-marked-before-their-data.md).
    """

    __tablename__ = "send_attempt"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("planned_message.id"), index=True)
    provider: Mapped[str] = mapped_column(Text)
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW, index=True)
    marks_handover: Mapped[bool] = mapped_column(Boolean, server_default=sql_text("false"))
    handed_over_at: Mapped[datetime | None] = mapped_column(Moment)
    provider_message_id: Mapped[str | None] = mapped_column(Text, unique=True)
    outcome: Mapped[str] = mapped_column(Text, server_default="")
    http_status: Mapped[int | None] = mapped_column(SmallInteger)
    code: Mapped[str] = mapped_column(Text, server_default="")
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class MessageMove(Base):
    """A message's change of state. Rows are only ever added."""

    __tablename__ = "message_move"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)


class UntoldState(Base):
    """A message whose newest state the other services have not been told yet."""

    __tablename__ = "untold_state"

    message_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class SendLookup(Base):
    """Work: ask the provider whether it has a message whose outcome nobody saw.

    `doubtful` when the provider may still have been working on it, so that one denial is not enough. `losses` counts
    the processes that ended one after another with it in hand (free_lookups.py).
    """

    __tablename__ = "send_lookup"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    send_attempt_id: Mapped[UUID] = mapped_column(PgUuid, unique=True)
    doubtful: Mapped[bool] = mapped_column(Boolean)
    denials: Mapped[int] = mapped_column(Integer, server_default="0")
    losses: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[str] = mapped_column(Text, server_default="due")
    due_at: Mapped[datetime] = mapped_column(Moment)
    rung_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str] = mapped_column(Text, server_default="")
    attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (
        Index("ix_send_lookup_due", "due_at", postgresql_where=sql_text("state = 'due'")),
        Index("ix_send_lookup_leased", "lease_until", postgresql_where=sql_text("state = 'leased'")),
    )
