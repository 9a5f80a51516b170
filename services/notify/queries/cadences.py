"""Which cadence is in force for a visit."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_EXACT = """
SELECT id, visit_type, site_id, route, version, steps FROM cadence
WHERE visit_type IN ('', :visit_type) AND site_id IN ('', :site_id) AND route IN ('', :route)
ORDER BY (visit_type <> '')::int + (site_id <> '')::int + (route <> '')::int DESC,
    (visit_type <> '') DESC, (site_id <> '') DESC, version DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class CadenceInForce:
    """One published cadence. `steps` as stored."""

    id: UUID
    visit_type: str
    site_id: str
    route: str
    version: int
    steps: list[dict[str, Any]]


def cadence_for(session: Session, visit_type: str, site_id: str, route: str) -> CadenceInForce:
    """The newest version of the most exact cadence; a visit type counts before a site, a site before a route."""
    values = {"visit_type": visit_type, "site_id": site_id, "route": route}
    return CadenceInForce(*session.execute(text(MOST_EXACT), values).one())
