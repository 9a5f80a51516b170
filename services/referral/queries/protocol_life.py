"""Versions, drafts and replays, for the pages where the protocol is looked after."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import (
    GoldenCaseRow,
    ProtocolDraft,
    PublishingRecord,
    Replay,
    ReplayChange,
    SiteOverlay,
)


def list_versions(session: Session) -> list[tuple[ProtocolVersion, PublishingRecord | None]]:
    """Every published version, newest first, with how it came to be (None: it shipped). Documents are not loaded."""
    query = (
        select(ProtocolVersion, PublishingRecord)
        .outerjoin(PublishingRecord, PublishingRecord.number == ProtocolVersion.number)
        .options(defer(ProtocolVersion.document))
        .order_by(ProtocolVersion.number.desc())
    )
    return [(version, published) for version, published in session.execute(query)]


def find_version(session: Session, number: int) -> ProtocolVersion | None:
    """Return a published version with its document, or None."""
    return session.scalars(select(ProtocolVersion).where(ProtocolVersion.number == number)).first()


def publishing_of(session: Session, number: int) -> PublishingRecord | None:
    """Return who proposed and approved a version, and what they overrode; None when it shipped."""
    return session.get(PublishingRecord, number)


def list_drafts(session: Session) -> list[ProtocolDraft]:
    """The open drafts, last changed first; documents are not loaded."""
    standing = (
        select(ProtocolDraft).where(ProtocolDraft.state == "open").options(defer(ProtocolDraft.document))
    )
    return list(session.scalars(standing.order_by(ProtocolDraft.changed_at.desc()).limit(100)))


def find_draft(session: Session, draft_id: UUID, *, lock: bool = False) -> ProtocolDraft | None:
    """Return a draft or None; with `lock` nobody else can change it until the transaction ends."""
    query = select(ProtocolDraft).where(ProtocolDraft.id == draft_id)
    return session.scalars(query.with_for_update() if lock else query).first()


def find_replay(session: Session, replay_id: UUID) -> Replay | None:
    """Return a replay or None."""
    return session.scalars(
        select(Replay).where(Replay.id == replay_id).options(defer(Replay.document))
    ).first()


def replay_changes(session: Session, replay_id: UUID, limit: int) -> list[ReplayChange]:
    """The patients a replay would have routed otherwise; emergencies no longer flagged come first."""
    query = select(ReplayChange).where(ReplayChange.replay_id == replay_id)
    order = (ReplayChange.lost_emergency.desc(), ReplayChange.from_priority, ReplayChange.id)
    return list(session.scalars(query.order_by(*order).limit(limit)))


def find_golden_case(session: Session, code: str) -> GoldenCaseRow | None:
    """Return a case the clinic added, by its code, locked, or None."""
    return session.scalars(select(GoldenCaseRow).where(GoldenCaseRow.code == code).with_for_update()).first()


def list_overlays(session: Session, site: str) -> list[SiteOverlay]:
    """A site's overlays, newest first; "" lists every site's. Merged documents are not loaded."""
    query = (
        select(SiteOverlay).options(defer(SiteOverlay.document)).order_by(SiteOverlay.id.desc()).limit(200)
    )
    return list(session.scalars(query.where(SiteOverlay.site == site) if site else query))


def find_overlay(session: Session, overlay_id: UUID) -> SiteOverlay | None:
    """Return an overlay, locked, or None."""
    return session.scalars(select(SiteOverlay).where(SiteOverlay.id == overlay_id).with_for_update()).first()
