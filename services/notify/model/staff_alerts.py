"""Alerts that a named person must answer, and who was told of each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class StaffAlert(Base):
    """The latest alert about one thing (a call-back). It waits while it was not answered since it opened.

    `next_at` is when the next person is told; empty while it does not wait. An answer that was heard before its alert
    leaves a row without `opened_at`.
    """

    __tablename__ = "staff_alert"

    about_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    alert_id: Mapped[UUID | None] = mapped_column(PgUuid)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    site: Mapped[str] = mapped_column(Text, server_default="")
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    next_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_staff_alert_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )


class StaffTold(Base):
    """One person told of one alert, once. The name is kept as it was then; the messages carry `id` as their cause."""

    __tablename__ = "staff_told"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(PgUuid)
    about_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("staff_contact.id"))
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name = PersonalField[str]("name_sealed")
    role: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("alert_id", "contact_id", name="uq_staff_told_alert_id"),)
