"""Count, once a local day, how many slots of each first visit are free at each site on the days ahead."""

from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.referral.model.slot_supply import SlotSupply
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.sites import list_visit_types
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.calendar_time import DAY, day_starts_at, local_date
from services.referral.rules.slot_forecast import DAYS_COUNTED

# More than a site can have free in four weeks; a search reads no further than it finds.
MOST = 20_000
KEPT_DAYS = 400


def count_free_slots(session: Session, *, only: str = "") -> int:
    """Store today's counts where they are missing and return how many were stored; counts of a day never change.

    `only`: of this kind of visit.
    """
    moment = now(session)
    stored = 0
    for visit in list_visit_types(session):
        if not visit.first_visit or (only and visit.id != only):
            continue
        rules = visit_rules(visit)
        clinic = clinic_for(session, rules)
        for site in clinic.sites:
            today = local_date(moment, site.zone)
            if not any(site.id in provider.hours for provider in clinic.providers) or _known(
                session, site.id, visit.id, today
            ):
                continue
            until = day_starts_at(today + DAYS_COUNTED * DAY, site.zone)
            found = find_slots(session, rules, SlotSearch(moment, until, MOST, sites=(site.id,)), moment)
            free = [0] * DAYS_COUNTED
            # Starts as a search lists them, though two may need the same room: demand is counted in the same coin.
            for slot in found:
                free[(local_date(slot.starts_at, site.zone) - today).days] += 1
            row = insert(SlotSupply).values(
                id=new_id(), site_id=site.id, visit_type_id=visit.id, day=today, free=free
            )
            session.execute(row.on_conflict_do_nothing())
            stored += 1
    if stored:
        session.execute(
            delete(SlotSupply).where(SlotSupply.day < (moment - timedelta(days=KEPT_DAYS)).date())
        )
    return stored


def _known(session: Session, site_id: str, visit_type_id: str, day: date) -> bool:
    known = select(SlotSupply.id).where(
        SlotSupply.site_id == site_id, SlotSupply.visit_type_id == visit_type_id, SlotSupply.day == day
    )
    return session.scalars(known).first() is not None
