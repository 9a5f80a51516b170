"""What happened to a referral, one row a move, only ever added; and what its patient was sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class ReferralMove(Base):
    """One move. `version` is the referral's after it; `details` hold codes and ids only."""

    __tablename__ = "referral_move"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Moment)
    deed: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    actor_role: Mapped[str] = mapped_column(Text)
    actor_name: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str] = mapped_column(Text)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)

    note = PersonalField[str]("note_sealed")

    __table_args__ = (UniqueConstraint("referral_id", "version"),)


class ReferralMessage(Base):
    """The latest state of one message notify planned for the patient. `id` is notify's message id."""

    __tablename__ = "referral_message"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(PgUuid, index=True)
    appointment_version: Mapped[int | None] = mapped_column(Integer)
    step: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)


class ContactOpt(Base):
    """Whether the patient takes our messages on a channel, as notify last said."""

    __tablename__ = "contact_opt"

    patient_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    opted_out: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(Moment)


class ReferralTally(Base):
    """A piece of the count of referrals by site and state; a trigger adds them, the relay folds them."""

    __tablename__ = "referral_tally"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    site: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    many: Mapped[int] = mapped_column(BigInteger)
