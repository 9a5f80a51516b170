"""Which cadence is in force for a visit."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor

MOST_EXACT = """
SELECT id, visit_type, site_id, route, version, steps FROM cadence
WHERE visit_type IN ('', $1) AND site_id IN ('', $2) AND route IN ('', $3)
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
    (row,) = cursor(session).execute(MOST_EXACT, [visit_type, site_id, route]).fetchall()
    return CadenceInForce(*row)
