"""A permission to ask a licensed instrument: who gave it, by what letter, until when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment, PgUuid


class InstrumentPermission(Base):
    """One permission. It holds through `expires_on` (for ever without one), until `ended_at`."""

    __tablename__ = "instrument_permission"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    instrument: Mapped[str] = mapped_column(Text, index=True)
    granted_by: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    granted_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_by_name: Mapped[str] = mapped_column(Text, server_default="")
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    ended_by: Mapped[str] = mapped_column(Text, server_default="")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
