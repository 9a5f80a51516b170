"""What came from outside: the letter a referral came by, and the notes that go back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class InboundReferral(Base):
    """One message from a referrer. Sender and their id make it one, however often it is sent.

    `fields` is what was read from it; `letter` the document itself, base64, as it came. `tracks`: it was joined to a
    referral that was live already.
    """

    __tablename__ = "inbound_referral"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    sender: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    tracks: Mapped[bool] = mapped_column(Boolean)
    fields_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    letter_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_type: Mapped[str] = mapped_column(Text, default="")
    letter_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Moment)
    received_by: Mapped[str] = mapped_column(Text)

    fields = PersonalField[dict[str, Any]]("fields_sealed")
    letter = PersonalField[str]("letter_sealed")

    __table_args__ = (UniqueConstraint("sender", "external_id"),)


class ConsultNote(Base):
    """A note for the referrer: returned by the clinician, reviewed by a second, acknowledged as sent. In that order."""

    __tablename__ = "consult_note"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    returned_at: Mapped[datetime] = mapped_column(Moment)
    returned_by: Mapped[str] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    reviewed_by: Mapped[str] = mapped_column(Text, default="")
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str] = mapped_column(Text, default="")

    text = PersonalField[str]("text_sealed")

    __table_args__ = (CheckConstraint("acknowledged_at IS NULL OR reviewed_at IS NOT NULL", name="order"),)
