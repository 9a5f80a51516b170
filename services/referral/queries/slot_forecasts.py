"""The forecast of shortages for each site and first visit, with how wrong it was before."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.model.schedule import Site, SiteHours, VisitType
from services.referral.model.slot_supply import SlotSupply
from services.referral.rules.slot_forecast import (
    DAYS_COUNTED,
    MIN_MORNINGS,
    RATE_MORNINGS,
    BackTest,
    Supply,
    back_test,
    days_until_none,
    demand,
    horizon_of,
)

# Far enough for a rate on the first back-tested morning and for the future of the last.
LOOK_BACK = timedelta(days=2 * RATE_MORNINGS)


@dataclass(frozen=True, slots=True)
class SlotForecast:
    """`days`: until no slot is left within the promise, None when not within `horizon_days`; `known`: history is long
    enough to say.

    `gone_a_week`: free slots that go in a week at the present rate. `mornings`: how many were counted.
    """

    site_id: str
    site_name: str
    visit_type_id: str
    visit_type_name: str
    known: bool
    days: int | None
    horizon_days: int
    gone_a_week: float
    free_week: int
    mornings: int
    tested: BackTest | None


def read_slot_forecasts(session: Session) -> list[SlotForecast]:
    """Return one forecast a site and first visit: the soonest shortage first, what is not known yet last."""
    since = (now(session) - LOOK_BACK).date()
    rows = session.execute(
        select(SlotSupply, Site.name, VisitType.name, VisitType.horizon_days)
        .join(Site, Site.id == SlotSupply.site_id)
        .join(VisitType, VisitType.id == SlotSupply.visit_type_id)
        .where(SlotSupply.day >= since, Site.active, VisitType.active)
        .order_by(Site.name, SlotSupply.site_id, SlotSupply.visit_type_id, SlotSupply.day)
    ).all()
    weekdays: dict[str, set[int]] = {}
    for site_id, weekday in session.execute(select(SiteHours.site_id, SiteHours.weekday)):
        weekdays.setdefault(site_id, set()).add(weekday)
    found = []
    for (site_id, visit_id), group in groupby(rows, lambda row: (row[0].site_id, row[0].visit_type_id)):
        counted = list(group)
        # Days that had not opened yet were free of nobody's doing.
        opened = min(counted[-1][3], DAYS_COUNTED)
        history = [Supply(row.day, tuple(row.free[:opened])) for row, *_ in counted]
        open_days = frozenset(weekdays.get(site_id, ()))
        horizon = horizon_of(opened, open_days)
        going = demand(history)
        known = len(history) >= MIN_MORNINGS
        found.append(
            SlotForecast(
                site_id=site_id,
                site_name=counted[-1][1],
                visit_type_id=visit_id,
                visit_type_name=counted[-1][2],
                known=known,
                days=days_until_none(history[-1], going, open_days, horizon) if known else None,
                horizon_days=horizon,
                gone_a_week=round(sum(going.by_weekday), 1),
                free_week=sum(history[-1].free[:7]),
                mornings=len(history),
                tested=back_test(history, open_days, horizon),
            )
        )
    return sorted(found, key=lambda one: (not one.known, one.days is None, one.days or 0, one.site_name))
