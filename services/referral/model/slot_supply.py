"""How many slots were free, counted each morning: what a forecast of shortages learns from and is judged by."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, Date, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import PgUuid
from services.referral.model.base import Base


class SlotSupply(Base):
    """One site, visit type and local day. `free[i]` (from 0): free starts on the i-th day from that day on."""

    __tablename__ = "slot_supply"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    visit_type_id: Mapped[str] = mapped_column(ForeignKey("visit_type.id"))
    day: Mapped[date] = mapped_column(Date)
    free: Mapped[list[int]] = mapped_column(ARRAY(Integer))

    __table_args__ = (UniqueConstraint("site_id", "visit_type_id", "day"),)
