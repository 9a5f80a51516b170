"""Free slots: what is taken is read from the database a stretch of days at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor
from services.referral.model.schedule import SEAT_STRETCH
from services.referral.queries.clinic_facts import clinic_for
from services.referral.rules.slots import MinuteSpan, Slot, VisitRules, free_slots

# How far each stretch of a search reaches; most searches end in the first.
STRETCHES = (timedelta(days=4), timedelta(days=10), timedelta(days=30), timedelta(days=400))
LONGEST_USE = timedelta(hours=13)


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """What to look for: the earliest `most` slots that start in [from_at, until_at). Empty tuples mean any.

    `without` names an appointment or hold whose own seats count as free, for the one that is being moved.
    `one_provider`: of several people free at a site at one time only the first.
    """

    from_at: datetime
    until_at: datetime
    most: int
    sites: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    without: UUID | None = None
    one_provider: bool = False


TAKEN = """
SELECT seat_number, array_agg(lower(span) - seat_number::bigint * $1) AS starts,
    array_agg(upper(span) - seat_number::bigint * $1) AS ends
FROM seat_use
WHERE starts_at > $2 AND starts_at < $3 AND ends_at > $4 AND seat_number = ANY($5)
    AND (expires_at IS NULL OR (expires_at > $6 AND $7))
    AND coalesce(appointment_id, hold_id) IS DISTINCT FROM CAST($8 AS uuid)
GROUP BY seat_number
"""


def find_slots(session: Session, visit: VisitRules, search: SlotSearch, now: datetime) -> list[Slot]:
    """Return the earliest free slots of the search, sorted; reads only as many days as it takes to find them."""
    clinic = clinic_for(session, visit).narrowed(search.sites, search.providers)
    seats = clinic.seats()
    until_at = min(search.until_at, now + timedelta(days=visit.horizon_days))
    found: list[Slot] = []
    from_at = max(search.from_at, now)
    for stretch in STRETCHES:
        ends_at = min(until_at, from_at + stretch)
        if from_at >= ends_at or len(found) >= search.most:
            break
        found += free_slots(
            visit,
            sites=clinic.sites,
            providers=clinic.providers,
            taken=read_taken(session, visit, seats, (from_at, ends_at), now, without=search.without),
            window=(from_at, ends_at),
            now=now,
            most=search.most - len(found),
            one_provider=search.one_provider,
        )
        from_at = ends_at
    return found


def read_taken(
    session: Session,
    visit: VisitRules,
    seats: list[int],
    window: tuple[datetime, datetime],
    now: datetime,
    *,
    without: UUID | None = None,
    holds: bool = True,
) -> dict[int, list[MinuteSpan]]:
    """Read what is taken from `seats` within reach of visits that start in `window`, in minutes since 1970.

    Expired holds do not count; with `holds` false no hold does.
    """
    before = timedelta(minutes=visit.buffer_before)
    after = timedelta(minutes=visit.minutes + visit.buffer_after)
    from_at = window[0] - before
    values = [SEAT_STRETCH, from_at - LONGEST_USE, window[1] + after, from_at, seats, now, holds, without]
    return {
        seat: list(zip(starts, ends, strict=True))
        for seat, starts, ends in cursor(session).execute(TAKEN, values).fetchall()
    }
