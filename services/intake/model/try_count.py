"""Tries per key and span of time, kept in the database so that a lost Redis never means "unlimited"."""

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment


class TryCount(Base):
    """How often `kind` was tried by one key (a blind index: no address or number is kept) since `since`."""

    __tablename__ = "try_count"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    key_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_try_count_since", "since"),)
