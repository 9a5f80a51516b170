"""Freed times offered to waiting patients, as messages need to know them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.notify.model.base import Base


class SlotOffer(Base):
    """What was heard of one offer. `state`: "" (only its row is there), offered, or how it ended."""

    __tablename__ = "slot_offer"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid)
    state: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)
