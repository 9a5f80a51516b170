"""Personal links: a long random token known only to its holder; the table keeps its hash."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment, PgUuid


class PatientLink(Base):
    """A link for one purpose and one patient. Wrong birth dates are counted; five lock it for good.

    `about_id` is the offer an "offer" link opens. A status link follows a submission, or, for a patient referred from
    outside, the referral `referral_id`. `may_read` links are issued by staff who checked who is there (kiosk): they
    may show earlier answers. Until `opens_until` a link opens once without the birth date: the member of staff who has
    it was told the birth date a moment before.
    """

    __tablename__ = "patient_link"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(Text)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submission.id"))
    about_id: Mapped[UUID | None] = mapped_column(PgUuid)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    wrong_dates: Mapped[int] = mapped_column(Integer, server_default="0")
    locked_at: Mapped[datetime | None] = mapped_column(Moment)
    issued_mode: Mapped[str] = mapped_column(Text, server_default="self")
    referral_id: Mapped[UUID | None] = mapped_column(PgUuid)
    opens_until: Mapped[datetime | None] = mapped_column(Moment)
    may_read: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))

    __table_args__ = (
        CheckConstraint("purpose IN ('answer', 'status', 'offer')", name="purpose"),
        Index("uq_patient_link_token_hash", "token_hash", unique=True),
        Index("ix_patient_link_submission_id", "submission_id"),
        Index("ix_patient_link_patient_id", "patient_id"),
    )
