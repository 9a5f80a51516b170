"""Where staff are alerted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class StaffContact(Base):
    """One person, or one duty phone: what reaches it, for which role and sites (none given: every site).

    Those `on_call` are told of call-backs, one after another within their role by `position`, low first: at any time,
    or once turns were kept for them in these alone.
    """

    __tablename__ = "staff_contact"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name = PersonalField[str]("name_sealed")
    role: Mapped[str] = mapped_column(Text)
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    phone_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    email_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    on_call: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    position: Mapped[int] = mapped_column(Integer, server_default="100")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    added_at: Mapped[datetime] = mapped_column(Moment)


class DutyTurn(Base):
    """One turn of a contact on call, from `starts_at` until before `ends_at`."""

    __tablename__ = "duty_turn"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("staff_contact.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_duty_turn_contact_id", "contact_id", "ends_at"),
    )
