"""Patients as this service knows them, and the numbers and addresses they can be reached at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class Patient(Base):
    """One patient. `told_by_staff_at`: when staff last spoke with them, so that no text follows on its heels."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    names_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    names = PersonalField[dict[str, str]]("names_sealed")
    language: Mapped[str] = mapped_column(Text, server_default="en")
    time_zone: Mapped[str] = mapped_column(Text, server_default="")
    told_by_staff_at: Mapped[datetime | None] = mapped_column(Moment)
    heard_at: Mapped[datetime] = mapped_column(Moment)


class ContactPoint(Base):
    """A number or address, whoever shares it. Every send and every opt-out takes this row's lock."""

    __tablename__ = "contact_point"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    address = PersonalField[str]("address_sealed")
    address_index: Mapped[bytes] = mapped_column(LargeBinary)
    opted_out_at: Mapped[datetime | None] = mapped_column(Moment)
    opted_out_by: Mapped[str] = mapped_column(Text, server_default="")
    held_at: Mapped[datetime | None] = mapped_column(Moment)
    dead_at: Mapped[datetime | None] = mapped_column(Moment)
    dead_code: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("channel", "address_index", name="uq_contact_point_channel"),)


class PatientContact(Base):
    """The contact point a patient uses on one channel."""

    __tablename__ = "patient_contact"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    linked_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_patient_contact_contact_point_id", "contact_point_id"),)


class Consent(Base):
    """What a patient agreed to be written to about, per channel and topic."""

    __tablename__ = "consent"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    given: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(Moment)
    source: Mapped[str] = mapped_column(Text)


class ContactRequest(Base):
    """What a patient asked a member of staff about messages: stop or start, everything or some topics.

    `how` it was asked (by_phone, in_person, in_writing), `note` its words. Rows are only ever added.
    """

    __tablename__ = "contact_request"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    channel: Mapped[str] = mapped_column(Text)
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    deed: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(Text)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    note = PersonalField[str]("note_sealed")
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_contact_request_patient_id", "patient_id", "at"),)
