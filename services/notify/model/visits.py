"""Visits as messages need to know them: the newest version heard of each appointment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class Appointment(Base):
    """`facts` is the AppointmentFacts of `version`; null when a cancel was heard before the booking."""

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    state: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_appointment_patient_id", "patient_id"),
        Index("ix_appointment_starts_at", "starts_at", postgresql_where=text("state = 'booked'")),
    )
