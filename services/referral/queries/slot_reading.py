"""All that may stand against one visit, in one journey to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.journey import Answer, Question
from kernel.rows import cursor
from services.referral.model.schedule import SEAT_STRETCH
from services.referral.queries.appointments import LIVE_STATES
from services.referral.queries.slots import LONGEST_USE
from services.referral.rules.slots import MinuteSpan, VisitRules

# What is taken comes as (seat, from, until, by a hold, of a hold that is over); visits of the patient still to come as
# (id, visit type, in a series, at the time wished for).
READ = """
SELECT (SELECT number FROM clinic_revision WHERE one_row) AS revision,
    EXISTS (SELECT 1 FROM referral WHERE patient_id = who.id AND flagged AND closed_at IS NULL) AS held,
    EXISTS (SELECT 1 FROM inbound_referral WHERE referral_id = $2) AS referred,
    (SELECT json_agg(json_build_array(id, visit_type_id, series_id IS NOT NULL, starts_at < $4 AND ends_at > $3)
        ORDER BY starts_at)
     FROM appointment WHERE patient_id = who.id AND ends_at > who.at AND state = ANY($6)) AS visits,
    (SELECT json_agg(json_build_array(seat_number, lower(span) - seat_number::bigint * $7,
        upper(span) - seat_number::bigint * $7, hold_id IS NOT NULL, coalesce(expires_at <= who.at, false)))
     FROM seat_use WHERE starts_at > $8 AND starts_at < $9 AND ends_at > $10 AND seat_number = ANY($11)
        AND coalesce(appointment_id, hold_id) IS DISTINCT FROM $12) AS taken
FROM (SELECT coalesce($1, (SELECT patient_id FROM referral WHERE id = $2)) AS id,
    coalesce(CAST($5 AS timestamptz), now() + $13) AS at) AS who
"""
Taken = Mapping[int, Sequence[MinuteSpan]]


@dataclass(frozen=True, slots=True)
class PatientVisit:
    """A visit of the patient still to come. `meets`: at the time wished for."""

    id: UUID
    visit_type_id: str
    in_series: bool
    meets: bool


@dataclass(frozen=True, slots=True)
class SlotReading:
    """What was found. `held`: a red flag waits on some referral of the patient; `referred`: somebody sent them.

    `taken` maps a seat to the spans (minutes since 1970) that visits and holds take from it, `booked` those of visits
    alone; seats in `expired` have a hold that is over and not tidied up yet.
    """

    revision: int
    held: bool
    referred: bool
    visits: Sequence[PatientVisit]
    taken: Taken
    booked: Taken
    expired: frozenset[int]


def read_slot(
    session: Session,
    visit: VisitRules,
    starts_at: datetime,
    seats: Sequence[int],
    *,
    patient_id: UUID | None = None,
    referral_id: UUID | None = None,
    without: UUID | None = None,
) -> SlotReading:
    """Read what the visit at `starts_at` would meet on `seats`. `without`: an appointment or hold left out."""
    asked = slot_question(
        visit,
        starts_at,
        seats,
        at=now(session),
        patient_id=patient_id,
        referral_id=referral_id,
        without=without,
    )
    return slot_reading(cursor(session).ask([asked])[0])


def slot_question(
    visit: VisitRules,
    starts_at: datetime,
    seats: Sequence[int],
    *,
    at: datetime | timedelta,
    patient_id: UUID | None,
    referral_id: UUID | None,
    without: UUID | None,
) -> Question:
    """As `read_slot`, but only the question, for who asks more in one journey; `slot_reading` reads the answer.

    `at`: business time, or what it is ahead of PostgreSQL's. Without `patient_id` it is the referral's patient.
    """
    used_from, used_until = visit.taken(starts_at)
    values = [
        patient_id,
        referral_id,
        starts_at,
        starts_at + visit.length,
        at if isinstance(at, datetime) else None,
        list(LIVE_STATES),
        SEAT_STRETCH,
        used_from - LONGEST_USE,
        used_until,
        used_from,
        list(seats),
        without,
        at if isinstance(at, timedelta) else timedelta(),
    ]
    return READ, values


def slot_reading(answer: Answer) -> SlotReading:
    """Return what the answer to `slot_question` says."""
    (found,) = answer
    taken: dict[int, list[MinuteSpan]] = {}
    booked: dict[int, list[MinuteSpan]] = {}
    expired = set()
    for seat, begins, ends, by_hold, is_over in found.taken or ():
        if is_over:
            expired.add(seat)
            continue
        taken.setdefault(seat, []).append((begins, ends))
        if not by_hold:
            booked.setdefault(seat, []).append((begins, ends))
    visits = [PatientVisit(UUID(visit_id), *rest) for visit_id, *rest in found.visits or ()]
    return SlotReading(found.revision, found.held, found.referred, visits, taken, booked, frozenset(expired))
