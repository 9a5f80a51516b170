"""Documents that never change once they are here: questionnaires of ours, protocols of the referral service."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.exact_jsonb import ExactJsonb
from services.intake.model.base import Base, Moment


class QuestionnaireVersion(Base):
    """One published FHIR R4 Questionnaire. `form` is its canonical address; `number` rises with each publishing."""

    __tablename__ = "questionnaire_version"

    form: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(ExactJsonb)
    variables: Mapped[list[str]] = mapped_column(ARRAY(Text))
    published_by: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Moment)


class ProtocolVersion(Base):
    """One protocol as the referral service published it; the highest `number` is in force."""

    __tablename__ = "protocol_version"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(Moment)
