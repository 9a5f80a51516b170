"""How many first visits each site could still give within what is promised, route by route."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.sites import first_visit_of_route
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.slot_promise import promised_until
from services.referral.rules.slots import Slot

LONGEST_PROMISE = timedelta(days=29)
MOST_SLOTS = 4_000


@dataclass(frozen=True, slots=True)
class FreeCapacity:
    """The first visit of a route, and per site and priority how many of them fit before the promise ends."""

    visit_type: str
    by_site: Mapping[str, Mapping[str, int]]


def free_capacity(
    session: Session, route: str, priorities: tuple[str, ...], moment: datetime
) -> FreeCapacity | None:
    """Count the free first visits of `route`; None when the route has no first visit to book."""
    visit = first_visit_of_route(session, route)
    if visit is None:
        return None
    rules = visit_rules(visit)
    gap = timedelta(minutes=rules.buffer_before + rules.buffer_after)
    found: dict[str, dict[str, int]] = {}
    for site in clinic_for(session, rules).sites:
        search = SlotSearch(moment, moment + LONGEST_PROMISE, MOST_SLOTS, sites=(site.id,))
        slots = visits_that_fit(find_slots(session, rules, search, moment), gap)
        days = frozenset(hour.weekday for hour in site.hours)
        found[site.id] = {
            priority: sum(
                1 for slot in slots if slot.starts_at < promised_until(priority, moment, site.zone, days)
            )
            for priority in priorities
        }
    return FreeCapacity(visit.id, found)


def visits_that_fit(slots: list[Slot], gap: timedelta) -> list[Slot]:
    """Of the starts offered, those one provider can give one after the other, `gap` apart: offered starts overlap."""
    fit: list[Slot] = []
    busy_until: dict[str, datetime] = {}
    for slot in sorted(slots, key=lambda one: one.starts_at):
        until = busy_until.get(slot.provider_id)
        if until is None or slot.starts_at >= until:
            busy_until[slot.provider_id] = slot.ends_at + gap
            fit.append(slot)
    return fit
