"""Count, once a local day, how many slots of each first visit are free at each site on the days ahead."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.referral.model.schedule import VisitType
from services.referral.model.slot_supply import SlotSupply
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.sites import list_visit_types
from services.referral.queries.slots import read_taken
from services.referral.rules.calendar_time import DAY, day_starts_at, local_date
from services.referral.rules.slot_forecast import DAYS_COUNTED
from services.referral.rules.slots import Interval, count_free_starts

KEPT_DAYS = 400


def count_free_slots(session: Session) -> int:
    """Store today's counts where they are missing and return how many were stored; counts of a day never change.

    Starts are counted as a search lists them, though two may need the same room: demand is counted in the same coin.
    """
    moment = now(session)
    stored = sum(
        _count_kind(session, visit, moment) for visit in list_visit_types(session) if visit.first_visit
    )
    if stored:
        over = (moment - timedelta(days=KEPT_DAYS)).date()
        session.execute(delete(SlotSupply).where(SlotSupply.day < over))
    return stored


def _count_kind(session: Session, visit: VisitType, moment: datetime) -> int:
    """Count one kind of visit at every site where it is given and today was not counted; return at how many."""
    rules = visit_rules(visit)
    clinic = clinic_for(session, rules)
    days = {
        site.id: _days_ahead(moment, site.zone)
        for site in clinic.sites
        if any(site.id in provider.hours for provider in clinic.providers)
    }
    counted = select(SlotSupply.site_id, SlotSupply.day).where(
        SlotSupply.visit_type_id == visit.id, SlotSupply.day.in_({ahead[0][0] for ahead in days.values()})
    )
    known = {(row.site_id, row.day) for row in session.execute(counted)}
    missing = [
        site for site in clinic.sites if site.id in days and (site.id, days[site.id][0][0]) not in known
    ]
    if not missing:
        return 0
    until = max(days[site.id][-1][1][1] for site in missing)
    taken = read_taken(session, rules, clinic.seats(), (moment, until), moment)
    rows = [
        {
            "id": new_id(),
            "site_id": site.id,
            "visit_type_id": visit.id,
            "day": days[site.id][0][0],
            "free": count_free_starts(
                rules,
                site=site,
                providers=clinic.providers,
                taken=taken,
                days=[span for _, span in days[site.id]],
                now=moment,
            ),
        }
        for site in missing
    ]
    session.execute(insert(SlotSupply).values(rows).on_conflict_do_nothing())
    return len(rows)


def _days_ahead(moment: datetime, zone: ZoneInfo) -> list[tuple[date, Interval]]:
    """Return today and the days after it on a site's calendar, each with its span."""
    today = local_date(moment, zone)
    days = [today + ahead * DAY for ahead in range(DAYS_COUNTED)]
    return [(day, (day_starts_at(day, zone), day_starts_at(day + DAY, zone))) for day in days]
