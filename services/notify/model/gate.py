"""Whether anything may be sent at all."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class SendingGate(Base):
    """The one row. `home` names the database that last sent, `seen_at` when; `paused_at` is None while sending goes on.

    `gap_since`: from when on what was sent may be missing here, for a pause whose reason is "restored".
    `audit_checked_at`: when a restored copy walked its audit trail; `audit_broken_at`: the first entry not to follow.
    `compared_start`: the start of PostgreSQL since which the other services were asked what they know of us;
    `compare_tries`: how often they were asked in vain since the last one. `note`: what whoever resumed last looked at.
    """

    __tablename__ = "sending_gate"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    home: Mapped[str] = mapped_column(Text, server_default="")
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_by: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    gap_since: Mapped[datetime | None] = mapped_column(Moment)
    resumed_at: Mapped[datetime | None] = mapped_column(Moment)
    resumed_by: Mapped[str] = mapped_column(Text, server_default="")
    audit_checked_at: Mapped[datetime | None] = mapped_column(Moment)
    audit_broken_at: Mapped[int | None] = mapped_column(BigInteger)
    compared_start: Mapped[datetime | None] = mapped_column(Moment)
    compare_tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class LostEvent(Base):
    """An event between us and `service` that was heard, and that its sender (we, or `service`) does not have any more.

    Kept for ever: what was found once, and decided on by a person, does not pause sending a second time.
    """

    __tablename__ = "lost_event"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    service: Mapped[str] = mapped_column(Text)
    sent_by_us: Mapped[bool] = mapped_column(Boolean)
    found_at: Mapped[datetime] = mapped_column(Moment)
