"""A person must call this patient: opened by a red flag in the transaction that stored the answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class CallbackTask(Base):
    """open -> acknowledged -> done. Never closed by a machine. `action` is E (emergency) or S (same day)."""

    __tablename__ = "callback_task"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    action: Mapped[str] = mapped_column(Text)
    flags_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    acknowledge_by: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str] = mapped_column(Text, server_default="")
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    escalation: Mapped[int] = mapped_column(Integer, server_default="0")
    escalated_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome_code: Mapped[str] = mapped_column(Text, server_default="")
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    closed_by: Mapped[str] = mapped_column(Text, server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(Moment)

    flags = PersonalField[list[str]]("flags_sealed")
    note = PersonalField[str]("note_sealed")

    __table_args__ = (
        CheckConstraint("action IN ('E', 'S')", name="action"),
        CheckConstraint("state IN ('open', 'acknowledged', 'done')", name="state"),
        Index("ix_callback_task_waiting", "due_at", postgresql_where=text("state <> 'done'")),
        Index("ix_callback_task_patient_id", "patient_id"),
        Index("uq_callback_task_submission_id", "submission_id", "action", unique=True),
    )


class SafetyNotice(Base):
    """The exact safety text a patient was shown, when, and when they said they had read it."""

    __tablename__ = "safety_notice"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    shown_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)

    text = PersonalField[str]("text_sealed")
