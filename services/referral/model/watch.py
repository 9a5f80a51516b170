"""What keeps a referral from being forgotten or changed in silence: limits, escalations, amendments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class StateLimit(Base):
    """How long a referral may stay in a state, in business hours, and what gets it out."""

    __tablename__ = "state_limit"

    state: Mapped[str] = mapped_column(Text, primary_key=True)
    business_hours: Mapped[int] = mapped_column(Integer)
    unblocks: Mapped[str] = mapped_column(Text)


class Escalation(Base):
    """One alarm about one referral, given once: `kind` due (its clock ran out) or stuck (too long in a state).

    `since`: the due time or the start of the state; with the referral and the kind it makes the alarm unique.
    """

    __tablename__ = "escalation"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)
    owner_id: Mapped[str] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        UniqueConstraint("referral_id", "kind", "since"),
        Index("ix_escalation_open", "at", postgresql_where=text("acknowledged_at IS NULL")),
    )


class Amendment(Base):
    """A change to a referral that was already acted on: both versions, who and why. Only ever added."""

    __tablename__ = "amendment"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[str] = mapped_column(Text)
    actor_role: Mapped[str] = mapped_column(Text)
    actor_name: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str] = mapped_column(Text)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    before_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    after_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    note = PersonalField[str]("note_sealed")
    before = PersonalField[dict[str, Any]]("before_sealed")
    after = PersonalField[dict[str, Any]]("after_sealed")
