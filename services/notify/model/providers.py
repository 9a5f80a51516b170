"""What is known of each provider between sends."""

from datetime import date, datetime

from sqlalchemy import Date, Float, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment
from services.notify.model.base import Base


class ProviderState(Base):
    """One provider. `tokens`: messages it may be given now; `weight`: its share of its channel, 0 to 100."""

    __tablename__ = "provider_state"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    weight: Mapped[int] = mapped_column(Integer)
    tokens: Mapped[float] = mapped_column(Float)
    refilled_at: Mapped[datetime] = mapped_column(Moment)
    paused_until: Mapped[datetime | None] = mapped_column(Moment)
    day: Mapped[date] = mapped_column(Date)
    sent_that_day: Mapped[int] = mapped_column(Integer)
