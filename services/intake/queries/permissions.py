"""Permissions to ask licensed instruments."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.intake.model import InstrumentPermission
from services.intake.questionnaires import instruments
from services.intake.rules.licensed_instruments import licensed_instruments


def permissions(session: Session, instrument: str | None = None) -> list[InstrumentPermission]:
    """Every permission ever recorded, newest first; of one instrument, when it is named."""
    found = select(InstrumentPermission).order_by(
        InstrumentPermission.recorded_at.desc(), InstrumentPermission.id
    )
    if instrument is not None:
        found = found.where(InstrumentPermission.instrument == instrument)
    return list(session.scalars(found.limit(500)))


def permitted(session: Session, day: date) -> set[str]:
    """Instruments that may be asked on `day`."""
    found = select(InstrumentPermission.instrument).where(
        InstrumentPermission.ended_at.is_(None),
        InstrumentPermission.granted_on <= day,
        or_(InstrumentPermission.expires_on.is_(None), InstrumentPermission.expires_on >= day),
    )
    return set(session.scalars(found))


def missing_permissions(session: Session, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Licensed instruments the document holds that may not be asked today: {instrument, name, owner, licence}."""
    held = licensed_instruments(document, instruments())
    allowed = permitted(session, now(session).date()) if held else set()
    return [
        {"instrument": one["id"], "name": one["name"], "owner": one["owner"], "licence": one["licence"]}
        for one in held
        if one["id"] not in allowed
    ]
