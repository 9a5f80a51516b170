"""Which record each patient stands under, as intake told."""

from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import PgUuid
from services.notify.model.base import Base


class PatientRecord(Base):
    """A patient whose record was merged into another's, or released again (then it stands under itself).

    Messages and contact points keep the patient they were planned for, so that a merge can be undone.
    """

    __tablename__ = "patient_record"

    patient_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    stands_under: Mapped[UUID] = mapped_column(PgUuid)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_patient_record_stands_under", "stands_under"),)
