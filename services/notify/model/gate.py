"""Whether anything may be sent at all."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment
from services.notify.model.base import Base


class SendingGate(Base):
    """The one row. `home` names the database that last sent, `seen_at` when; `paused_at` is None while sending goes on.

    `gap_since`: from when on what was sent may be missing here, for a pause whose reason is "restored".
    `audit_checked_at`: when a restored copy walked its audit trail; `audit_broken_at`: the first entry not to follow.
    `note`: what whoever resumed last looked at.
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
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
