"""Where and when care is given: sites, rooms, providers, visit types, hours, closures, and the seats that are taken.

A seat is what a visit takes: a provider has one or more, a room has as many as people can be treated in it at once.
Every seat has a number, and the time taken from it lies on its own stretch of one integer line (`SeatUse.span`), so
one exclusion constraint over that line keeps every seat from being taken twice
(docs/decisions/0040-seats-on-one-line.md).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT8RANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base

# 2^26 minutes is 127 years: a seat's minutes since 1970 stay on its own stretch until 2097.
SEAT_STRETCH = 1 << 26
_MINUTES = "(EXTRACT(epoch FROM ({} - '1970-01-01 00:00:00+00'::timestamptz)) / 60)::bigint"
SPAN_SQL = (
    f"int8range(seat_number::bigint * {SEAT_STRETCH} + {_MINUTES.format('starts_at')}, "
    f"seat_number::bigint * {SEAT_STRETCH} + {_MINUTES.format('ends_at')})"
)


class Site(Base):
    """One clinic site. `phone` is E.164, `time_zone` an IANA name, the coordinates degrees."""

    __tablename__ = "site"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class SiteHours(Base):
    """Opening hours on one weekday (0 = Monday), minutes of the local day; both dates included, None: open end."""

    __tablename__ = "site_hours"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    from_minute: Mapped[int] = mapped_column(SmallInteger)
    until_minute: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (CheckConstraint("from_minute < until_minute", name="order"),)


class Room(Base):
    """A room of one site. `kind` is what a visit type asks for: exam, treatment, gym."""

    __tablename__ = "room"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Provider(Base):
    """A clinician who sees patients. `profession` is a code."""

    __tablename__ = "provider"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    profession: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class ProviderHours(Base):
    """When a provider works at a site; read as `SiteHours`."""

    __tablename__ = "provider_hours"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    from_minute: Mapped[int] = mapped_column(SmallInteger)
    until_minute: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (CheckConstraint("from_minute < until_minute", name="order"),)


class VisitType(Base):
    """How one kind of visit is booked. Minutes are multiples of five.

    `name` is for staff; `sms_name` is neutral wording per language that names no specialty. `routes`: the referral
    routes it serves. `whole_provider`: needs the provider alone, else one seat. `cutoff_minutes`: until when before
    the visit a patient may move or cancel it without calling. `sites`: where it is given, empty for every site where
    someone who can give it works. `changed_by`: who made or changed it on the dashboard; empty for the shipped ones.
    """

    __tablename__ = "visit_type"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sms_name: Mapped[dict[str, str]] = mapped_column(JSONB)
    routes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    minutes: Mapped[int] = mapped_column(SmallInteger)
    buffer_before: Mapped[int] = mapped_column(SmallInteger)
    buffer_after: Mapped[int] = mapped_column(SmallInteger)
    lead_minutes: Mapped[int] = mapped_column(Integer)
    horizon_days: Mapped[int] = mapped_column(SmallInteger)
    alignment_minutes: Mapped[int] = mapped_column(SmallInteger)
    cutoff_minutes: Mapped[int] = mapped_column(Integer)
    room_kind: Mapped[str] = mapped_column(Text)
    whole_provider: Mapped[bool] = mapped_column(Boolean)
    first_visit: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), default=list)
    version: Mapped[int] = mapped_column(Integer, server_default="1", default=1)
    changed_by: Mapped[str] = mapped_column(Text, server_default="", default="")

    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 480 AND minutes % 5 = 0", name="minutes"),
        CheckConstraint(
            "buffer_before BETWEEN 0 AND 120 AND buffer_after BETWEEN 0 AND 120"
            " AND buffer_before % 5 = 0 AND buffer_after % 5 = 0",
            name="buffers",
        ),
        CheckConstraint("lead_minutes >= 0 AND horizon_days BETWEEN 1 AND 400", name="reach"),
        CheckConstraint(
            "alignment_minutes BETWEEN 5 AND 120 AND alignment_minutes % 5 = 0", name="alignment"
        ),
    )


class ProviderSkill(Base):
    """A visit type a provider can do."""

    __tablename__ = "provider_skill"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"), primary_key=True)


class Seat(Base):
    """One place a visit can take, of a provider or of a room. `overbook`: only with permission."""

    __tablename__ = "seat"

    number: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))
    ordinal: Mapped[int] = mapped_column(SmallInteger)
    overbook: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    __table_args__ = (
        UniqueConstraint("provider_id", "ordinal"),
        UniqueConstraint("room_id", "ordinal"),
        CheckConstraint("num_nonnulls(provider_id, room_id) = 1", name="one_owner"),
    )


class Closure(Base):
    """A time in which a site, a room or a provider takes no visits. `reason` is a code; a lifted one is kept."""

    __tablename__ = "closure"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    site_id: Mapped[str | None] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(Text)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("num_nonnulls(site_id, room_id, provider_id) = 1", name="one_subject"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_closure_ends_at", "ends_at", postgresql_where=text("lifted_at IS NULL")),
    )


class SeatUse(Base):
    """Time taken from one seat, buffers included, by an appointment or by a hold until it expires."""

    __tablename__ = "seat_use"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    seat_number: Mapped[int] = mapped_column(ForeignKey("seat.number"))
    appointment_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("appointment.id", deferrable=True, initially="DEFERRED"), index=True
    )
    hold_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("slot_hold.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), index=True
    )
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    span: Mapped[Range[int]] = mapped_column(INT8RANGE, Computed(SPAN_SQL, persisted=True), nullable=True)

    __table_args__ = (
        CheckConstraint("num_nonnulls(appointment_id, hold_id) = 1", name="one_taker"),
        CheckConstraint("(hold_id IS NULL) = (expires_at IS NULL)", name="holds_expire"),
        CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '13 hours'", name="length"),
        ExcludeConstraint(("span", "&&"), name="ex_seat_use_span", using="gist"),
        Index(
            "ix_seat_use_starts_at", "starts_at", "seat_number", postgresql_include=["ends_at", "expires_at"]
        ),
    )


class SlotHold(Base):
    """A slot kept for someone who is deciding. Its seats are free again the moment it expires."""

    __tablename__ = "slot_hold"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"))
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    held_by: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("ended IN ('', 'booked', 'released', 'expired')", name="ended"),
        CheckConstraint("held_at < expires_at", name="order"),
    )


class ClinicRevision(Base):
    """One row: a number that rises, by trigger, whenever a fact about sites, people, hours or visit types changes."""

    __tablename__ = "clinic_revision"

    one_row: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=True)
    number: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("one_row", name="one_row"),)
