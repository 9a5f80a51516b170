"""One-time codes that let a browser read answers back for a while; only a keyed hash of each is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment, PgUuid


class ReadingCode(Base):
    """A code sent to the phone on file, for one link and one browser.

    `passed_at` is set once, by the right code in time; reading is open for half an hour from then.
    """

    __tablename__ = "reading_code"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    link_id: Mapped[UUID] = mapped_column(ForeignKey("patient_link.id"))
    device_index: Mapped[bytes] = mapped_column(LargeBinary)
    code_index: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    passed_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_reading_code_patient_id", "patient_id", "sent_at"),
        Index("ix_reading_code_link_id", "link_id", "sent_at"),
    )
