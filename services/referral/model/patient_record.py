"""Which record each patient stands under, as intake told."""

from uuid import UUID

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import PgUuid
from services.referral.model.base import Base


class PatientRecord(Base):
    """A patient whose record was merged into another's, or released again (then it stands under itself).

    `version` is that record's own in intake: an old event does not undo a newer one.
    """

    __tablename__ = "patient_record"

    patient_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    stands_under: Mapped[UUID] = mapped_column(PgUuid)
    version: Mapped[int] = mapped_column(Integer)
