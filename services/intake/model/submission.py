"""Answers: as a draft that grows page by page, then submitted, or stopped by a red flag."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class Submission(Base):
    """One set of answers on one questionnaire version. draft -> submitted | stopped | replaced.

    `mode` is how it was begun, then how its saved pages were given: "mixed" when in more than one way. The author began
    it, or is the member of staff who took it over; who typed each page stands with the page.
    `content` holds {"items": {linkId: value}, "answers": {variable: value}, "scores": [...], "pages": {...}},
    and under "given_up" the linkIds of totals that could not be worked out in the steps there are;
    `flags` the ids of red flags seen so far, also those whose answer was changed later.
    """

    __tablename__ = "submission"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    form: Mapped[str] = mapped_column(Text)
    form_version: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    answered_by: Mapped[str] = mapped_column(Text, server_default="self")
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    page: Mapped[str] = mapped_column(Text, server_default="")
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    flags_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    protocol_version: Mapped[str] = mapped_column(Text, server_default="")
    preferred_site: Mapped[str] = mapped_column(Text, server_default="")
    consent_sms: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    consent_email: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    author_kind: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(Text)
    author_role: Mapped[str] = mapped_column(Text, server_default="")
    started_at: Mapped[datetime] = mapped_column(Moment)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    corrects: Mapped[UUID | None] = mapped_column(PgUuid)

    content = PersonalField[dict[str, Any]]("content_sealed")
    flags = PersonalField[list[str]]("flags_sealed")

    __table_args__ = (
        CheckConstraint("state IN ('draft', 'submitted', 'stopped', 'replaced')", name="state"),
        Index(
            "uq_submission_open_draft",
            "patient_id",
            "form",
            unique=True,
            postgresql_where=text("state = 'draft'"),
        ),
        Index("ix_submission_patient_id", "patient_id", "started_at"),
    )

    @property
    def questionnaire(self) -> str:
        """`canonical|version`, as FHIR writes it."""
        return f"{self.form}|{self.form_version}"


class PageSave(Base):
    """One saved page: what was answered then (answers changed later stay readable), when, how long it took.

    `mode` and author say how it was given and who typed it; "" for pages saved before they were kept here.
    """

    __tablename__ = "page_save"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    page: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigInteger)
    items_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text, server_default="")
    seconds: Mapped[int | None] = mapped_column(Integer)
    mode: Mapped[str] = mapped_column(Text, server_default="")
    author_kind: Mapped[str] = mapped_column(Text, server_default="")
    author_id: Mapped[str] = mapped_column(Text, server_default="")
    saved_at: Mapped[datetime] = mapped_column(Moment, index=True)

    items = PersonalField[dict[str, Any]]("items_sealed")
