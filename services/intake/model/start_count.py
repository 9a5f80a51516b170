"""Starts per network address and hour, against floods; the address itself is not stored."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.model.base import Base, Moment


class StartCount(Base):
    """One address (blind index) in one hour."""

    __tablename__ = "start_count"

    address_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    starts: Mapped[int] = mapped_column(Integer)
