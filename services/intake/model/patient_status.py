"""What a patient may follow of their referral and visits: copies of facts other services sent us."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment, PgUuid


class ReferralView(Base):
    """The referral of a submission, as last heard. `version` keeps an old event from undoing a newer one."""

    __tablename__ = "referral_view"

    referral_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    submission_id: Mapped[UUID | None] = mapped_column(PgUuid, index=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    state: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer)


class VisitView(Base):
    """A visit of a patient, as last heard."""

    __tablename__ = "visit_view"

    appointment_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID | None] = mapped_column(PgUuid)
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    site_name: Mapped[str] = mapped_column(Text, server_default="")
    site_address: Mapped[str] = mapped_column(Text, server_default="")
    time_zone: Mapped[str] = mapped_column(Text, server_default="America/Chicago")

    __table_args__ = (Index("ix_visit_view_patient_id", "patient_id"),)
