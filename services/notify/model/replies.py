"""What comes back: delivery receipts, patients' replies, and what staff must look at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class Receipt(Base):
    """One status a provider reported; `fate` says what was done with it (applied, stale, unmapped, quarantined)."""

    __tablename__ = "receipt"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    provider_message_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    send_attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)
    code: Mapped[str] = mapped_column(Text, server_default="")
    fate: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("provider_message_id", "status", name="uq_receipt_provider_message_id"),
    )


class Reply(Base):
    """A text from a patient (or a stranger), what the grammar made of it, and what staff did with the rest."""

    __tablename__ = "reply"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    provider_message_id: Mapped[str] = mapped_column(Text, unique=True)
    channel: Mapped[str] = mapped_column(Text)
    contact_point_id: Mapped[UUID | None] = mapped_column(PgUuid, index=True)
    patient_id: Mapped[UUID | None] = mapped_column(PgUuid)
    appointment_id: Mapped[UUID | None] = mapped_column(PgUuid)
    appointment_version: Mapped[int | None] = mapped_column(Integer)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text = PersonalField[str]("text_sealed")
    meaning: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    hint: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql_text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(Text)
    why_open: Mapped[str] = mapped_column(Text, server_default="")
    received_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str] = mapped_column(Text, server_default="")
    outcome: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer, server_default="1")

    __table_args__ = (Index("ix_reply_open", "received_at", postgresql_where=sql_text("state = 'open'")),)


class StaffItem(Base):
    """Something a person must do: a send nobody can settle, a dead number to call, a visit someone cancelled by text.

    `about_id` is the message, reply or contact point it is about; one item per kind and that.
    """

    __tablename__ = "staff_item"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    about_id: Mapped[UUID] = mapped_column(PgUuid)
    patient_id: Mapped[UUID | None] = mapped_column(PgUuid)
    appointment_id: Mapped[UUID | None] = mapped_column(PgUuid)
    contact_point_id: Mapped[UUID | None] = mapped_column(PgUuid)
    code: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text, server_default="open")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str] = mapped_column(Text, server_default="")
    outcome: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer, server_default="1")

    __table_args__ = (
        UniqueConstraint("kind", "about_id", name="uq_staff_item_kind"),
        Index("ix_staff_item_open", "opened_at", postgresql_where=sql_text("state = 'open'")),
    )


class RefusedHook(Base):
    """How many reports with a signature that is not the provider's came in one minute."""

    __tablename__ = "refused_hook"

    minute: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    refused: Mapped[int] = mapped_column(Integer)
