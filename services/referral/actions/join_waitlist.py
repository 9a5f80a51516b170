"""Put a patient on the waiting list for a visit, or an earlier one; or take them off it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import conflict, not_found
from services.referral.model.waitlist import WaitlistEntry
from services.referral.queries.referrals import find_referral
from services.referral.queries.waitlist import BOOKABLE_STATES

KEPT_DAYS = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What would suit: sites and weekdays (empty: any), part of the day in minutes, and the notice needed."""

    visit_type_id: str
    sites: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = 1440
    notice_minutes: int = 120
    expires_at: datetime | None = None


def join_waitlist(session: Session, actor: Actor, referral_id: UUID, wanted: Wanted) -> WaitlistEntry:
    """Enter the referral's patient, or change what they want when they wait already; return the entry.

    A change is audited with what it was before and is now. Raises 404; 409 `red_flag_hold` and `not_bookable` when the
    referral cannot be booked now.
    """
    referral = find_referral(session, referral_id, lock=True)
    if referral is None:
        raise not_found("referral")
    if referral.flagged:
        raise conflict(
            "red_flag_hold", "A clinician has to speak with this patient first. Nothing was entered."
        )
    if referral.state not in BOOKABLE_STATES:
        raise conflict(
            "not_bookable", "The referral cannot be booked now. Nothing was entered.", state=referral.state
        )
    moment = now(session)
    entry = waiting_entry(session, referral.id, wanted.visit_type_id)
    before = None if entry is None else _wishes(entry)
    if entry is not None:
        entry.version += 1
    else:
        entry = WaitlistEntry(
            id=new_id(),
            referral_id=referral.id,
            patient_id=referral.patient_id,
            visit_type_id=wanted.visit_type_id,
            entered_at=moment,
            entered_by=actor.id,
        )
        session.add(entry)
    entry.priority = referral.priority
    entry.sites, entry.weekdays = list(wanted.sites), list(wanted.weekdays)
    entry.from_minute, entry.until_minute = wanted.from_minute, wanted.until_minute
    entry.notice_minutes = wanted.notice_minutes
    # Who changes something else keeps the end there was.
    entry.expires_at = wanted.expires_at or entry.expires_at or moment + timedelta(days=KEPT_DAYS)
    session.flush()
    after = _wishes(entry)
    told: dict[str, Any] = {"entry_id": str(entry.id)}
    if before is not None:
        changed = [name for name in after if before[name] != after[name]]
        told |= {
            "before": {name: before[name] for name in changed},
            "after": {name: after[name] for name in changed},
        }
    deed = "join_waitlist" if before is None else "change_waitlist_wishes"
    record(session, actor, deed, "referral", referral.id, details=told)
    return entry


def _wishes(entry: WaitlistEntry) -> dict[str, Any]:
    return {
        "sites": list(entry.sites),
        "weekdays": list(entry.weekdays),
        "from_minute": entry.from_minute,
        "until_minute": entry.until_minute,
        "notice_minutes": entry.notice_minutes,
        "expires_at": entry.expires_at.isoformat(),
    }


def waiting_entry(session: Session, referral_id: UUID, visit_type_id: str) -> WaitlistEntry | None:
    """Return the referral's live place on the list for the visit type, locked, if it has one."""
    live = select(WaitlistEntry).where(
        WaitlistEntry.referral_id == referral_id,
        WaitlistEntry.visit_type_id == visit_type_id,
        WaitlistEntry.ended == "",
    )
    return session.scalars(live.with_for_update()).first()


def leave_waitlist(session: Session, actor: Actor, entry_id: UUID, how: str = "left") -> WaitlistEntry:
    """End the entry (`left` or `booked`); ending one that has ended changes nothing. Raises 404."""
    entry = session.get(WaitlistEntry, entry_id, with_for_update=True)
    if entry is None:
        raise not_found("waiting list entry")
    if not entry.ended:
        entry.ended, entry.ended_at = how, now(session)
        entry.version += 1
        record(session, actor, "leave_waitlist", "referral", entry.referral_id, reason=how)
    return entry


def expire_waitlist(session: Session) -> int:
    """End the entries whose time is over; return how many."""
    moment = now(session)
    over = update(WaitlistEntry).where(WaitlistEntry.ended == "", WaitlistEntry.expires_at <= moment)
    result = session.execute(over.values(ended="expired", ended_at=moment, version=WaitlistEntry.version + 1))
    return int(result.rowcount)  # type: ignore[attr-defined]
