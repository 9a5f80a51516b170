"""How a protocol comes to be in force: drafts, golden cases, replays, and who published what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from kernel.tables import Moment, PgUuid
from services.referral.model.base import Base


class ProtocolDraft(Base):
    """A document being worked on. `base_number`: the published version it started from; stale once another is out.

    `editors`: the ids of its author and of everyone who changed it; none of them can approve it.
    """

    __tablename__ = "protocol_draft"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    base_number: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[str] = mapped_column(Text)
    author_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(Text)
    editors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    published_number: Mapped[int | None] = mapped_column(Integer)


class PublishingRecord(Base):
    """Who proposed and who approved a version, and what they overrode to do so.

    `retired_cases`: the golden cases it was not asked any more that the version before still was.
    """

    __tablename__ = "publishing_record"

    number: Mapped[int] = mapped_column(
        ForeignKey("protocol_version.number"), primary_key=True, autoincrement=False
    )
    draft_id: Mapped[UUID | None] = mapped_column(ForeignKey("protocol_draft.id"))
    proposed_by: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str] = mapped_column(Text)
    override_reason: Mapped[str] = mapped_column(Text)
    failing_cases: Mapped[list[str]] = mapped_column(ARRAY(Text))
    retired_cases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    findings: Mapped[int] = mapped_column(Integer)


class GoldenCaseRow(Base):
    """A golden case the clinic added to the shipped ones. `content` = {"answers": …, "expected": …}.

    A retired one is asked no more, and says by whom, for which coded reason and why in words.
    """

    __tablename__ = "golden_case"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    origin: Mapped[str] = mapped_column(Text)
    referral_id: Mapped[UUID | None] = mapped_column(PgUuid)
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[str] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    retired_by: Mapped[str] = mapped_column(Text, default="")
    retired_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    retired_note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    content = PersonalField[dict[str, Any]]("content_sealed")
    retired_note = PersonalField[str]("retired_note_sealed")


class Replay(Base):
    """A draft run over the last `days` of stored answers: a row of work that goes on where it stopped."""

    __tablename__ = "replay"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    draft_id: Mapped[UUID] = mapped_column(ForeignKey("protocol_draft.id"), index=True)
    draft_version: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    days: Mapped[int] = mapped_column(Integer)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    last_decision_id: Mapped[UUID | None] = mapped_column(PgUuid)
    tally: Mapped[dict[str, Any]] = mapped_column(JSONB)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(Text, server_default="due")
    due_at: Mapped[datetime] = mapped_column(Moment)
    rung_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str] = mapped_column(Text, server_default="")
    attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (Index("ix_replay_due", "due_at", postgresql_where=text("state = 'due'")),)


class ReplayChange(Base):
    """One patient the draft would have routed otherwise. `gains` and `loses`: flags and rules that fire or no more."""

    __tablename__ = "replay_change"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    replay_id: Mapped[UUID] = mapped_column(ForeignKey("replay.id"))
    referral_id: Mapped[UUID] = mapped_column(PgUuid)
    decision_id: Mapped[UUID] = mapped_column(PgUuid)
    from_route: Mapped[str] = mapped_column(Text)
    to_route: Mapped[str] = mapped_column(Text)
    from_priority: Mapped[str] = mapped_column(Text)
    to_priority: Mapped[str] = mapped_column(Text)
    lost_emergency: Mapped[bool] = mapped_column(Boolean)
    site: Mapped[str] = mapped_column(Text)
    gains: Mapped[list[str]] = mapped_column(ARRAY(Text))
    loses: Mapped[list[str]] = mapped_column(ARRAY(Text))

    __table_args__ = (UniqueConstraint("replay_id", "decision_id"),)


class SiteOverlay(Base):
    """A site's changes to the shared protocol (`kernel.evidence.overlay`), and the document they make with it.

    `version` names the merged document on every decision made under it; `base_number` the shared version it is laid on.
    States: proposed, in_force (one a site), superseded, withdrawn. A merged document never changes.
    """

    __tablename__ = "site_overlay"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    site: Mapped[str] = mapped_column(ForeignKey("site.id"))
    number: Mapped[int] = mapped_column(Integer)
    version: Mapped[str] = mapped_column(Text, unique=True)
    base_number: Mapped[int] = mapped_column(ForeignKey("protocol_version.number"))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(Moment)
    proposed_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("uq_site_overlay_in_force", "site", unique=True, postgresql_where=text("state = 'in_force'")),
    )
