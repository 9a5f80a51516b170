"""A letter or picture a patient sent: sealed, and shown to staff only when its content is what it claims."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class Upload(Base):
    """`content` is base64. A quarantined one keeps its content for examination and is never handed out."""

    __tablename__ = "upload"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    link_id: Mapped[str] = mapped_column(Text)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer, server_default="1")
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    received_at: Mapped[datetime] = mapped_column(Moment)

    name = PersonalField[str]("name_sealed")
    content = PersonalField[str]("content_sealed")

    __table_args__ = (CheckConstraint("state IN ('clean', 'quarantined')", name="state"),)
