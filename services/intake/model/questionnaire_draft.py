"""A questionnaire being edited; published, it becomes an immutable version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.exact_jsonb import ExactJsonb
from services.intake.model.base import Base, Moment, PgUuid


class QuestionnaireDraft(Base):
    """`based_on` is the published version it was begun from ("" for an imported one)."""

    __tablename__ = "questionnaire_draft"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    form: Mapped[str] = mapped_column(Text)
    based_on: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(ExactJsonb)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    published_as: Mapped[str] = mapped_column(Text, server_default="")
