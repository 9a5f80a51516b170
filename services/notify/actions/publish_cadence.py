"""Publish which messages a kind of visit gets. Visits booked from now on follow it; planned messages stay."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.ids import new_id
from services.notify.queries.cadences import CadenceInForce
from services.notify.rules.cadence import read_steps

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 8))"
OWN = """
SELECT id, visit_type, site_id, route, version, steps FROM cadence
WHERE visit_type = :visit_type AND site_id = :site_id AND route = :route ORDER BY version DESC LIMIT 1
"""
PUBLISH = """
INSERT INTO cadence (id, visit_type, site_id, route, version, steps, published_by)
SELECT :id, :visit_type, :site_id, :route, coalesce(max(version), 0) + 1, CAST(:steps AS jsonb), :by FROM cadence
WHERE visit_type = :visit_type AND site_id = :site_id AND route = :route
RETURNING version
"""


def publish_cadence(
    session: Session,
    actor: Actor,
    *,
    visit_type: str,
    site_id: str,
    route: str,
    steps: list[dict[str, Any]],
) -> tuple[UUID, int]:
    """Store `steps` as the next version for this scope ("" means any); raises `BadCadence` for unusable steps."""
    read_steps(steps)
    lock_cadence(session, visit_type, site_id, route)
    cadence_id = new_id()
    values = {
        "id": cadence_id,
        "visit_type": visit_type,
        "site_id": site_id,
        "route": route,
        "steps": json.dumps(steps),
        "by": actor.id,
    }
    version: int = session.execute(text(PUBLISH), values).scalar_one()
    details = {"visit_type": visit_type, "site": site_id, "route": route, "version": version}
    record(session, actor, "publish_cadence", "cadence", cadence_id, details=details)
    return cadence_id, version


def lock_cadence(session: Session, visit_type: str, site_id: str, route: str) -> CadenceInForce | None:
    """Return the scope's own cadence, None while it follows another; nobody else publishes it until the commit."""
    session.execute(text(LOCK), {"name": f"{visit_type}/{site_id}/{route}"})
    scope = {"visit_type": visit_type, "site_id": site_id, "route": route}
    row = session.execute(text(OWN), scope).first()
    return None if row is None else CadenceInForce(*row)
