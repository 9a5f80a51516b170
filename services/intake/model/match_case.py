"""A new patient record that may be somebody already known: for a person to decide."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class MatchCase(Base):
    """open -> merged | kept_apart. `candidates` are {patient_id, equal, phone_equal, score}, best first."""

    __tablename__ = "match_case"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    submission_id: Mapped[UUID | None] = mapped_column(PgUuid)
    candidates_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    candidates = PersonalField[list[dict[str, Any]]]("candidates_sealed")

    __table_args__ = (
        CheckConstraint("state IN ('open', 'merged', 'kept_apart')", name="state"),
        Index("ix_match_case_open", "opened_at", postgresql_where=text("state = 'open'")),
        Index("ix_match_case_patient_id", "patient_id"),
    )
