"""A referral: one patient's request for care, from the answers to the outcome."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base

RANK_SQL = (
    "CASE WHEN flagged THEN 0 ELSE 20 END + CASE WHEN breached THEN 0 ELSE 10 END"
    " + CASE priority WHEN 'P0' THEN 0 WHEN 'P1' THEN 1 WHEN 'P2' THEN 2 WHEN 'P3' THEN 3"
    " WHEN 'P4' THEN 4 ELSE 5 END"
)
OPEN = text("closed_at IS NULL")


class Referral(Base):
    """One referral. Its state changes only through `actions/move_referral.py`.

    `patient_key` is a blind index of name and birth date: the same person known again without reading anyone.
    `patient` is the snapshot intake sent (kernel.contracts.patient). `route` and `priority` are the ones in
    force; `proposed_…` are the protocol's. `flagged`: a red-flag hold is open. `clock` runs, pauses (then
    `clock_left_seconds` of business time are kept) or is stopped. `attempts` counts visits that fell through.
    `open_warnings`: emergency and same-day flags that unanswered questions leave open (`rules/open_warnings.py`);
    `settled_warnings`: those of them a clinician settled.
    `markers`: what the protocol adds for the reviewer's eye (its modifiers, such as `never_diagnosed_migraine`).
    `first_patient_id`: the record it was made for, once staff merged that into `patient_id`.
    `owner_*`: the staff member who has it in hand, or "". `follows_id`: the referral this one continues.
    """

    __tablename__ = "referral"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    submission_id: Mapped[UUID | None] = mapped_column(PgUuid, index=True)
    patient_id: Mapped[UUID] = mapped_column(PgUuid, index=True)
    first_patient_id: Mapped[UUID | None] = mapped_column(PgUuid)
    patient_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    patient_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_since: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer)
    route: Mapped[str] = mapped_column(Text)
    proposed_route: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(Text)
    proposed_priority: Mapped[str] = mapped_column(Text)
    secondary_routes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    markers: Mapped[list[str]] = mapped_column(
        postgresql.ARRAY(Text), server_default=text("'{}'::text[]"), default=list
    )
    flagged: Mapped[bool] = mapped_column(Boolean, default=False)
    unknown_count: Mapped[int] = mapped_column(Integer, default=0)
    near_miss_count: Mapped[int] = mapped_column(Integer, default=0)
    # A row written by code that does not know the column is not one without open warnings: migration 0151.
    open_warnings: Mapped[list[str]] = mapped_column(
        postgresql.ARRAY(Text), server_default=text("'{earlier}'::text[]"), default=list
    )
    settled_warnings: Mapped[list[str]] = mapped_column(
        postgresql.ARRAY(Text), server_default=text("'{}'::text[]"), default=list
    )
    preferred_site: Mapped[str] = mapped_column(Text, default="")
    site: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[str] = mapped_column(Text, default="")
    owner_name: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime] = mapped_column(Moment)
    clock: Mapped[str] = mapped_column(Text, default="run")
    clock_left_seconds: Mapped[int | None] = mapped_column(Integer)
    breached: Mapped[bool] = mapped_column(Boolean, default=False)
    escalated_at: Mapped[datetime | None] = mapped_column(Moment)
    deferred_until: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str] = mapped_column(Text, default="")
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    worklist_rank: Mapped[int] = mapped_column(
        SmallInteger, Computed(RANK_SQL, persisted=True), nullable=True
    )

    patient = PersonalField[dict[str, Any]]("patient_sealed")

    __table_args__ = (
        Index("ix_referral_open", "worklist_rank", "due_at", "id", postgresql_where=OPEN),
        Index("ix_referral_state", "state", "worklist_rank", "due_at", "id"),
        Index("ix_referral_site", "site", "worklist_rank", "due_at", "id", postgresql_where=OPEN),
        Index("ix_referral_route", "route", "worklist_rank", "due_at", "id", postgresql_where=OPEN),
        Index("ix_referral_patient_key", "patient_key", postgresql_where=text("patient_key IS NOT NULL")),
        Index("ix_referral_held", "patient_id", postgresql_where=text("flagged AND closed_at IS NULL")),
        Index("ix_referral_markers", "markers", postgresql_using="gin", postgresql_where=OPEN),
        Index("ix_referral_due", "due_at", postgresql_where=text("clock = 'run' AND NOT breached")),
        Index("ix_referral_deferred", "deferred_until", postgresql_where=text("state = 'deferred'")),
    )
