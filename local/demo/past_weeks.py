"""The demo clinic's last weeks: visits booked day by day, each morning's free slots counted by the clinic's own code.

A forecast of shortages learns from counted mornings and is judged by them, so a clinic that opened a minute ago could
show neither. Nothing here is a figure of the forecast: people take the first times that are free, more of them on some
weekdays than on others, and what is counted, forecast and how wrong it was follows from that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import clock_offset, now, started_at
from kernel.database import Database
from kernel.ids import new_id
from services.referral.actions.count_free_slots import count_free_slots
from services.referral.actions.take_seats import SeatsTaken, Taker, take_seats
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import Site, VisitType
from services.referral.model.slot_supply import SlotSupply
from services.referral.queries.clinic_facts import visit_rules
from services.referral.queries.sites import find_site, find_visit_type
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.calendar_time import DAY, day_starts_at, local_date
from services.referral.rules.slots import Slot, VisitRules

# Fourteen mornings to learn from, a fortnight whose end is known, and a fortnight of forecasts to try in between.
MORNINGS = 42
# How many ask for a first visit of a kind at a site on each weekday (Monday first), and for how far ahead they take
# the first free time.
ASKING: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("paola", "pt_evaluation"): (5, 4, 4, 4, 3, 0, 0),
    ("lees_summit", "pt_evaluation"): (11, 8, 8, 7, 10, 0, 0),
    ("leawood", "medication_review"): (3, 2, 2, 2, 3, 0, 0),
    ("leawood", "surgical_consult"): (1, 0, 1, 0, 1, 0, 0),
}
DAYS_AHEAD = 7
CLINIC_ZONE = ZoneInfo("America/Chicago")
MOST_SEARCHED = 400
COUNTED_AT, ASKED_AT = time(7), time(11)
#: Another number, other weeks.
SEED = 20_261_126


@dataclass(frozen=True, slots=True)
class _Kind:
    visit: VisitType
    rules: VisitRules
    site: Site
    zone: ZoneInfo


def live_past_weeks(database: Database) -> int:
    """Book and count the mornings before today, oldest first; return how many. Nothing when any was counted before.

    Visits belong to no referral: nobody is written to about them. Those still to come are not made, so what is free
    from today on is free.
    """
    with database.transaction() as session:
        moment = now(session)
        today = local_date(moment, CLINIC_ZONE)
        if session.scalars(select(SlotSupply.id).where(SlotSupply.day < today).limit(1)).first() is not None:
            return 0
    chance = Random(SEED)
    for back in range(MORNINGS, 0, -1):
        with database.transaction() as session:
            _live_one_day(session, today - back * DAY, today, chance)
    return MORNINGS


def _live_one_day(session: Session, day: date, today: date, chance: Random) -> None:
    _set_clock(session, datetime.combine(day, COUNTED_AT, CLINIC_ZONE))
    count_free_slots(session)
    _set_clock(session, datetime.combine(day, ASKED_AT, CLINIC_ZONE))
    for (site_id, visit_id), asking in ASKING.items():
        usual = asking[day.weekday()]
        many = max(0, usual + chance.randint(-min(2, usual), min(2, usual)))
        if many:
            site, visit = find_site(session, site_id), find_visit_type(session, visit_id)
            assert site is not None
            assert visit is not None
            kind = _Kind(visit, visit_rules(visit), site, ZoneInfo(site.time_zone))
            _book_first_free(session, kind, day, today, many)


def _book_first_free(session: Session, kind: _Kind, day: date, today: date, many: int) -> None:
    """Each takes the first time left from tomorrow on; who would come after the days told here is not booked."""
    first = day_starts_at(day + DAY, kind.zone)
    last = min(day_starts_at(day + DAYS_AHEAD * DAY, kind.zone), day_starts_at(today, kind.zone))
    # One search for all who ask that day: what one of them takes is left out for the next ones here.
    search = SlotSearch(first, last, MOST_SEARCHED, sites=(kind.site.id,))
    taken: list[tuple[str, datetime, datetime]] = []
    for slot in find_slots(session, kind.rules, search, now(session)):
        begins, ends = kind.rules.taken(slot.starts_at)
        if any(who == slot.provider_id and begins < until and since < ends for who, since, until in taken):
            continue
        if len(taken) == many:
            break
        taken.append((slot.provider_id, begins, ends))
        _make_visit(session, kind, slot)


def _make_visit(session: Session, kind: _Kind, slot: Slot) -> None:
    """Book it; a time whose room another kind of visit has is one nobody got."""
    moment = now(session)
    visit = Appointment(
        id=new_id(),
        version=1,
        revision=1,
        referral_id=None,
        patient_id=new_id(),
        visit_type_id=kind.visit.id,
        route=kind.visit.routes[0],
        site_id=slot.site_id,
        provider_id=slot.provider_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state="attended",
        state_since=slot.ends_at,
        booked_at=moment,
        first_starts_at=slot.starts_at,
        overbooked=False,
        moves=0,
        confirmed_by_channel="",
        arrived_at=slot.starts_at - timedelta(minutes=5),
        asks="",
    )
    try:
        visit.room_id = take_seats(
            session,
            kind.rules,
            Taker(appointment_id=visit.id),
            provider_id=slot.provider_id,
            site_id=slot.site_id,
            starts_at=slot.starts_at,
        )
    except SeatsTaken:
        return
    session.add(visit)


def _set_clock(session: Session, moment: datetime) -> None:
    started_at(session, moment - clock_offset(session))
