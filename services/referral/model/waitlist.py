"""Who waits for an earlier visit, the rounds in which a freed slot is offered, walk-ins, and promises not kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class WaitlistEntry(Base):
    """A patient who wants a visit, or an earlier one. Empty `sites` or `weekdays` mean any (0 = Monday).

    `from_minute` to `until_minute`: the part of the local day that suits; `notice_minutes`: how long before the visit
    the patient has to know.
    """

    __tablename__ = "waitlist_entry"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    priority: Mapped[str] = mapped_column(Text)
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text))
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    from_minute: Mapped[int] = mapped_column(SmallInteger)
    until_minute: Mapped[int] = mapped_column(SmallInteger)
    notice_minutes: Mapped[int] = mapped_column(Integer)
    entered_at: Mapped[datetime] = mapped_column(Moment)
    entered_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer, server_default="1", default=1)

    __table_args__ = (
        CheckConstraint("ended IN ('', 'booked', 'left', 'expired')", name="ended"),
        Index(
            "uq_waitlist_entry_live",
            "referral_id",
            "visit_type_id",
            unique=True,
            postgresql_where=text("ended = ''"),
        ),
    )


class OfferRound(Base):
    """One freed slot and its offers, a batch at a time; the slot is held (`hold_id`) while a batch decides.

    `freed_appointment_id`: the visit that gave it up; its patient is offered it in no batch.
    """

    __tablename__ = "offer_round"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("slot_hold.id"))
    freed_appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    batch: Mapped[int] = mapped_column(Integer, default=0)
    batch_until: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text, default="open")
    closed_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("state IN ('open', 'claimed', 'exhausted', 'stopped')", name="state"),
        Index("ix_offer_round_open", "batch_until", postgresql_where=text("state = 'open'")),
    )


class SlotOffer(Base):
    """One offer to one waiting patient. At most one of a round is ever claimed: the database sees to that."""

    __tablename__ = "slot_offer"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("offer_round.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    batch: Mapped[int] = mapped_column(Integer)
    offered_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text, default="offered")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("round_id", "entry_id"),
        CheckConstraint(
            "state IN ('offered', 'claimed', 'declined', 'lost', 'expired', 'withdrawn')", name="state"
        ),
        Index("uq_slot_offer_claimed", "round_id", unique=True, postgresql_where=text("state = 'claimed'")),
        Index("ix_slot_offer_patient_id", "patient_id", "offered_at"),
    )


class WalkIn(Base):
    """Somebody who came without an appointment and waits their turn."""

    __tablename__ = "walk_in"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    patient_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    arrived_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    state_since: Mapped[datetime] = mapped_column(Moment)

    patient = PersonalField[dict[str, Any]]("patient_sealed")

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'seen', 'left')", name="state"),
        Index("ix_walk_in_arrived_at", "arrived_at", "site_id"),
    )


class PromiseGap(Base):
    """A stretch of time in which a site could not give a visit type within the promise. Open until `closed_at`.

    `alerted_at`: when staff were told, once it had stood too long.
    """

    __tablename__ = "promise_gap"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    next_free_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    alerted_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index(
            "uq_promise_gap_open",
            "site_id",
            "visit_type_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
