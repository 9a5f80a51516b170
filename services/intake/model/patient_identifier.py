"""A number somebody keeps the patient under: the clinic's record number, an insurer's member number, a national one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class PatientIdentifier(Base):
    """`held` is {system, value} as FHIR writes an Identifier; both are personal, so both are sealed.

    The indexes are of the system and of the folded value (`rules.identifiers`). One value per system and record.
    """

    __tablename__ = "patient_identifier"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    held_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    system_index: Mapped[bytes] = mapped_column(LargeBinary)
    value_index: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(Moment)
    set_by: Mapped[str] = mapped_column(Text)

    held = PersonalField[dict[str, Any]]("held_sealed")

    __table_args__ = (
        Index("uq_patient_identifier_system", "patient_id", "system_index", unique=True),
        Index("ix_patient_identifier_value", "value_index"),
    )
