"""What a reviewer made of the protocol's proposal: the ground of the override report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class TriageReview(Base):
    """One review. `outcome`: accept, redirect, ask, decline or defer; `rule_ids`: the rules behind the proposal."""

    __tablename__ = "triage_review"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    reviewer_id: Mapped[str] = mapped_column(Text)
    reviewer_role: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str] = mapped_column(Text)
    from_route: Mapped[str] = mapped_column(Text)
    to_route: Mapped[str] = mapped_column(Text)
    from_priority: Mapped[str] = mapped_column(Text)
    to_priority: Mapped[str] = mapped_column(Text)
    protocol_version: Mapped[str] = mapped_column(Text)
    rule_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
