"""What the protocol made of a set of answers. A decision is kept for ever; at most one per referral is live."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base
from services.referral.model.packed_field import PackedField


class Decision(Base):
    """One evaluation. `cause`: intake, correction, staff_findings. `corrects_id`: the submission replaced.

    `answers` are as given, keyed by variable id. `body` is `kernel.evidence.Decision.to_json()` with
    `refused_fields` (names of answers this version could not take) and `near_misses`.
    """

    __tablename__ = "decision"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    submission_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    corrects_id: Mapped[UUID | None] = mapped_column(PgUuid)
    cause: Mapped[str] = mapped_column(Text)
    protocol_version: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(Text)
    rule_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Moment, index=True)
    voided_at: Mapped[datetime | None] = mapped_column(Moment)
    void_reason: Mapped[str] = mapped_column(Text, default="")

    answers = PersonalField[dict[str, Any]]("answers_sealed")
    body = PackedField[dict[str, Any]]("body_sealed")

    __table_args__ = (
        Index("uq_decision_live", "referral_id", unique=True, postgresql_where=text("voided_at IS NULL")),
        Index("ix_decision_corrects_id", "corrects_id", postgresql_where=text("corrects_id IS NOT NULL")),
    )


class ReferralHold(Base):
    """A red flag that keeps the referral from being booked until a clinician clears it with a reason."""

    __tablename__ = "referral_hold"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    flag_id: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str] = mapped_column(Text, default="")
    reason_code: Mapped[str] = mapped_column(Text, default="")
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    note = PersonalField[str]("note_sealed")

    __table_args__ = (
        Index(
            "uq_referral_hold_open",
            "referral_id",
            "flag_id",
            unique=True,
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )
