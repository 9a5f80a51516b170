"""Watch whether every site can keep the clinic's promise, and remember since when it cannot."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.professional_notice import StaffAlerted
from kernel.ids import new_id
from kernel.outbox import emit
from services.referral.model.waitlist import PromiseGap
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.queries.sites import list_visit_types
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.slot_promise import CLINIC_PROMISE, promised_until

REACH = timedelta(days=60)
# A gap of an hour is a busy day; after this long somebody has to add hours.
ALERT_AFTER = timedelta(days=2)
WATCH = Actor("system", "referral.promises")


def watch_promises(session: Session) -> int:
    """Open, refresh or close the gap of every site and first visit; return how many stand open.

    One that has stood for `ALERT_AFTER` is told to the site's managers, once.
    """
    moment = now(session)
    standing = select(PromiseGap).where(PromiseGap.closed_at.is_(None)).with_for_update()
    open_gaps = {(gap.site_id, gap.visit_type_id): gap for gap in session.scalars(standing)}
    found = set()
    for site_id, visit_type_id, next_free in _unkept(session, moment):
        found.add((site_id, visit_type_id))
        gap = open_gaps.get((site_id, visit_type_id))
        if gap is None:
            gap = PromiseGap(id=new_id(), site_id=site_id, visit_type_id=visit_type_id, opened_at=moment)
            session.add(gap)
        gap.seen_at, gap.next_free_at = moment, next_free
        if gap.alerted_at is None and moment - gap.opened_at >= ALERT_AFTER:
            _alert(session, gap, moment)
    for place, gap in open_gaps.items():
        if place not in found:
            gap.closed_at = moment
    session.flush()
    return len(found)


def _alert(session: Session, gap: PromiseGap, moment: datetime) -> None:
    """Tell the managers of the site once: somebody has to add hours."""
    gap.alerted_at = moment
    alert_id = uuid5(NAMESPACE_URL, f"promise_gap:{gap.id}")
    alert = StaffAlerted(
        alert_id=alert_id, kind="no_free_slot", roles=["manager"], site=gap.site_id, urgent=False, at=moment
    )
    emit(session, "staff_alerted", alert_id, alert)
    details = {"site": gap.site_id, "visit_type": gap.visit_type_id}
    record(session, WATCH, "alert_promise_gap", "promise_gap", gap.id, details=details)


def open_gaps(session: Session) -> list[PromiseGap]:
    """Return the gaps that stand open, longest first."""
    standing = select(PromiseGap).where(PromiseGap.closed_at.is_(None))
    return list(session.scalars(standing.order_by(PromiseGap.opened_at, PromiseGap.id)))


def _unkept(session: Session, moment: datetime) -> Iterator[tuple[str, str, datetime | None]]:
    """Yield site, first visit and its next free start where the promise of a visit by the next open day is not kept."""
    for visit in list_visit_types(session):
        if not visit.first_visit:
            continue
        rules = visit_rules(visit)
        clinic = clinic_for(session, rules)
        for site in clinic.sites:
            if not any(site.id in provider.hours for provider in clinic.providers):
                continue
            found = find_slots(
                session, rules, SlotSearch(moment, moment + REACH, 1, sites=(site.id,)), moment
            )
            days = frozenset(hour.weekday for hour in site.hours)
            if not found or found[0].starts_at >= promised_until(CLINIC_PROMISE, moment, site.zone, days):
                yield site.id, visit.id, found[0].starts_at if found else None
