"""Published protocol versions. A row is never changed: a trigger refuses it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class ProtocolVersion(Base):
    """One published document. `number` rises by one; the highest is in force. `digest` = SHA-256 of its JSON."""

    __tablename__ = "protocol_version"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    version: Mapped[str] = mapped_column(Text, unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(Moment)
    published_by: Mapped[str] = mapped_column(Text)


class AskedVariables(Base):
    """The protocol variables a questionnaire version asks, as intake published them; the linter reads it."""

    __tablename__ = "asked_variables"

    questionnaire: Mapped[str] = mapped_column(Text, primary_key=True)
    variables: Mapped[list[str]] = mapped_column(ARRAY(Text))
    published_at: Mapped[datetime] = mapped_column(Moment)
