"""Who looked at whom, and how each person likes their lists."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.dashboard.model.base import Base
from services.dashboard.model.staff import Moment


class PatientView(Base):
    """A member of staff opened a page that names a patient. Rows are only ever added."""

    __tablename__ = "patient_view"

    id: Mapped[UUID] = mapped_column(postgresql.UUID, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    patient_id: Mapped[UUID] = mapped_column(postgresql.UUID)
    referral_id: Mapped[UUID | None] = mapped_column(postgresql.UUID)
    page: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ix_patient_view_patient", "patient_id", "at"),
        Index("ix_patient_view_staff", "staff_id", "at"),
    )


class SavedView(Base):
    """The filters a person last used on a list; `query` is the address's query string, which names no patient."""

    __tablename__ = "saved_view"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    page: Mapped[str] = mapped_column(Text, primary_key=True)
    query: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
