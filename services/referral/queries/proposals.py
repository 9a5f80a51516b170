"""For one kind of visit: each site's first free slot, ranked for a patient."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy.orm import Session

from services.referral.queries.clinic_facts import clinic_for
from services.referral.queries.sites import list_sites
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.slot_promise import (
    Candidate,
    Proposal,
    drive_minutes,
    promised_until,
    rank_sites,
)
from services.referral.rules.slots import VisitRules

POSTCODES_FILE = Path(__file__).resolve().parent.parent / "data" / "postcodes.yaml"
REACH = timedelta(days=60)


@lru_cache(maxsize=1)
def _postcodes() -> dict[str, tuple[float, float]]:
    read = yaml.safe_load(POSTCODES_FILE.read_text(encoding="utf-8"))
    return {code: (point[0], point[1]) for code, point in read.items()}


def propose_sites(
    session: Session,
    visit: VisitRules,
    priority: str,
    now: datetime,
    *,
    postcode: str = "",
    preferred_site: str = "",
) -> tuple[list[Proposal], list[str]]:
    """Return the sites that have a slot, best first, and the ids of the sites that have none within sixty days."""
    clinic = clinic_for(session, visit)
    rows = {site.id: site for site in list_sites(session)}
    home = _postcodes().get(postcode)
    candidates, without = [], []
    for site in clinic.sites:
        there = [provider for provider in clinic.providers if site.id in provider.hours]
        if not there:
            continue
        first = find_slots(session, visit, SlotSearch(now, now + REACH, 1, sites=(site.id,)), now)
        if not first:
            without.append(site.id)
            continue
        row = rows[site.id]
        candidates.append(
            Candidate(
                slot=first[0],
                promised_until=promised_until(
                    priority, now, site.zone, frozenset(hour.weekday for hour in site.hours)
                ),
                drive_minutes=None if home is None else drive_minutes(home, (row.latitude, row.longitude)),
                providers=len(there),
                preferred=site.id == preferred_site,
            )
        )
    return rank_sites(candidates, now), without
