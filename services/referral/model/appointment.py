"""Appointments, and every change ever made to one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base

LIVE = "state IN ('booked', 'confirmed', 'arrived')"


class Appointment(Base):
    """One visit. Its id never changes, so a calendar entry can follow it through every `version`.

    `version` rises with a move or cancel, and messages belong to one; `revision` rises with every change (If-Match).
    States: booked, confirmed, arrived, then attended, no_show or cancelled. `moves` counts reschedules, which are
    not cancellations; `first_starts_at` is where it was first booked. `confirmed_version`: which version the patient
    said yes to. `asks`: what waits for staff about it ("", reschedule, cannot_come, outcome).
    """

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    route: Mapped[str] = mapped_column(Text)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"))
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    state_since: Mapped[datetime] = mapped_column(Moment)
    booked_at: Mapped[datetime] = mapped_column(Moment)
    first_starts_at: Mapped[datetime] = mapped_column(Moment)
    moves: Mapped[int] = mapped_column(SmallInteger, default=0)
    overbooked: Mapped[bool] = mapped_column(Boolean, default=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    confirmed_by_channel: Mapped[str] = mapped_column(Text, default="")
    confirmed_version: Mapped[int | None] = mapped_column(Integer)
    arrived_at: Mapped[datetime | None] = mapped_column(Moment)
    asks: Mapped[str] = mapped_column(Text, default="")
    asks_since: Mapped[datetime | None] = mapped_column(Moment)
    series_id: Mapped[UUID | None] = mapped_column(PgUuid, index=True)
    series_number: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        CheckConstraint(
            "state IN ('booked', 'confirmed', 'arrived', 'attended', 'no_show', 'cancelled')", name="state"
        ),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("asks IN ('', 'reschedule', 'cannot_come', 'outcome')", name="asks"),
        Index("ix_appointment_day", "starts_at", "site_id"),
        Index("ix_appointment_patient_id", "patient_id", "starts_at"),
        Index("ix_appointment_asks", "asks_since", postgresql_where=text("asks <> ''")),
        # A referral has one live visit of a type, unless it is a series.
        Index(
            "uq_appointment_live",
            "referral_id",
            "visit_type_id",
            unique=True,
            postgresql_where=text(f"{LIVE} AND series_id IS NULL"),
        ),
    )


class AppointmentChange(Base):
    """One thing that happened to an appointment; only ever added. `before` and `after` hold place and time.

    `note` is what the person who did it wrote, for clinicians.
    """

    __tablename__ = "appointment_change"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    number: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    actor_role: Mapped[str] = mapped_column(Text)
    actor_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    note = PersonalField[str]("note_sealed")

    __table_args__ = (UniqueConstraint("appointment_id", "number"),)
