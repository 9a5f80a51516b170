"""Take the seats of a visit or a hold. The database decides who gets them, whatever anybody read before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.failpoints import failpoint
from kernel.ids import new_id
from kernel.rows import ask_before_rows, cursor
from services.referral.model.schedule import SEAT_STRETCH, SeatUse
from services.referral.rules.slots import VisitRules

# Each try that is lost was another's gain; beyond this many rooms there is something else amiss.
MOST_TRIES = 12


class SeatsTaken(Exception):
    """Another visit or hold has the seats; nothing was taken."""


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes the seats: an appointment, or a hold that ends at `expires_at`."""

    appointment_id: UUID | None = None
    hold_id: UUID | None = None
    expires_at: datetime | None = None


LOCK = "SELECT id FROM provider WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
# Seats that are free now. A hold that has expired does not count; it is deleted before its seat is taken.
FREE = """
SELECT seat.number, seat.room_id, seat.overbook, EXISTS (
    SELECT 1 FROM seat_use WHERE span && int8range(
        seat.number::bigint * $4 + $6, seat.number::bigint * $4 + $7)
    AND expires_at <= $10) AS expired, (
    SELECT count(*) FROM seat AS every
    WHERE every.provider_id = $1 AND every.active AND NOT every.overbook) AS people
FROM seat LEFT JOIN room ON room.id = seat.room_id
WHERE seat.active AND (NOT seat.overbook OR $5)
    AND (seat.provider_id = $1 OR (room.site_id = $2 AND room.kind = $3 AND room.active))
    AND NOT EXISTS (
        SELECT 1 FROM seat_use WHERE span && int8range(
            seat.number::bigint * $4 + $6, seat.number::bigint * $4 + $7)
        AND (expires_at IS NULL OR expires_at > $10)
        AND coalesce(appointment_id, hold_id) IS DISTINCT FROM CAST($11 AS uuid))
    AND NOT EXISTS (
        SELECT 1 FROM closure WHERE closure.room_id = seat.room_id AND lifted_at IS NULL
        AND starts_at < $9 AND ends_at > $8)
ORDER BY seat.overbook, seat.number
"""
CLEAR_EXPIRED = """
DELETE FROM seat_use WHERE seat_number = ANY($1) AND starts_at < $3 AND ends_at > $2
    AND expires_at <= $4
"""
TAKE = """
INSERT INTO seat_use (id, seat_number, appointment_id, hold_id, starts_at, ends_at, expires_at)
SELECT * FROM unnest(CAST($1 AS uuid[]), CAST($2 AS integer[])) AS wanted (id, number),
    LATERAL (SELECT CAST($3 AS uuid), CAST($4 AS uuid),
        CAST($5 AS timestamptz), CAST($6 AS timestamptz), CAST($7 AS timestamptz)) AS rest
ON CONFLICT DO NOTHING RETURNING id
"""
# The first try of a booking: seats it has just read as free. Its provider is locked before the first row is made.
TAKE_AS_READ = """
WITH locked AS MATERIALIZED (SELECT id FROM provider WHERE id = $8 FOR NO KEY UPDATE)
INSERT INTO seat_use (id, seat_number, appointment_id, hold_id, starts_at, ends_at, expires_at)
SELECT wanted.id, wanted.number, CAST($3 AS uuid), CAST($4 AS uuid),
    CAST($5 AS timestamptz), CAST($6 AS timestamptz), CAST($7 AS timestamptz)
FROM locked, unnest(CAST($1 AS uuid[]), CAST($2 AS integer[])) WITH ORDINALITY AS wanted (id, number, place)
ORDER BY wanted.place
ON CONFLICT DO NOTHING RETURNING id
"""

# The same in the journey that writes the visit and commits: a seat that another has is an error; nothing is written.
# Were the provider gone no seat would be: the visit's foreign key then refuses it all.
TAKE_AT_ONCE = TAKE_AS_READ.replace("ON CONFLICT DO NOTHING RETURNING id", "")


def take_seats(
    session: Session,
    visit: VisitRules,
    taker: Taker,
    *,
    provider_id: str,
    site_id: str,
    starts_at: datetime,
    overbook: bool = False,
    without: UUID | None = None,
    room_id: str = "",
    as_read: tuple[list[int], str] | None = None,
) -> str:
    """Take the provider's seats and one of a room for the visit at `starts_at`; return the room's id.

    Provider and room are taken together or not at all. `overbook` allows the seat kept for that. `without`: an
    appointment (being moved) or a hold (being booked) whose own seats may be taken over. `room_id`: the room to take
    if it is free. `as_read`: seats and room that were free a moment ago (`check_slot`), tried first. Raises
    `SeatsTaken`.
    """
    used_from, used_until = visit.taken(starts_at)
    by = [taker.appointment_id, taker.hold_id, used_from, used_until, taker.expires_at]
    if as_read is not None and not overbook:
        if without is not None:
            give_back_seats(session, without, provider_id)
        if _insert(session, TAKE_AS_READ, as_read[0], [*by, provider_id]):
            return as_read[1]
    lock_providers(session, provider_id)
    moment, minutes = now(session), (_minute(used_from), _minute(used_until))
    place = [provider_id, site_id, visit.room_kind, SEAT_STRETCH, overbook]
    wanted = [*place, *minutes, used_from, used_until, moment, without]
    # Whoever lost a room to another looks at one of those left by their own number: all who lost it would meet again
    # in the next one.
    apart = (taker.appointment_id or taker.hold_id or new_id()).int if as_read is not None else 0
    for _ in range(MOST_TRIES):
        free = cursor(session).execute(FREE, wanted).fetchall()
        chosen = _choose(visit, free, room_id, apart)
        if chosen is None:
            raise SeatsTaken
        if without is not None:
            give_back_seats(session, without, provider_id)
        if any(row.expired for row in free):
            cursor(session).execute(CLEAR_EXPIRED, [chosen[0], used_from, used_until, moment])
        if _insert(session, TAKE, chosen[0], by):
            return chosen[1]
        apart = apart >> 4 or new_id().int
    raise SeatsTaken


def take_at_once(
    session: Session,
    visit: VisitRules,
    appointment_id: UUID,
    *,
    provider_id: str,
    starts_at: datetime,
    as_read: tuple[list[int], str],
) -> str:
    """Take seats that were free a moment ago with what the transaction writes last; return the room's id.

    Where another has one of them by then, that ends in psycopg's `ExclusionViolation` and nothing is written.
    """
    failpoint("before_seats_taken")
    seats, room_id = as_read
    used_from, used_until = visit.taken(starts_at)
    ids = [new_id() for _ in seats]
    values = [ids, seats, appointment_id, None, used_from, used_until, None, provider_id]
    ask_before_rows(session, (TAKE_AT_ONCE, values))
    return room_id


def _insert(session: Session, statement: str, seats: list[int], values: list[Any]) -> bool:
    """Take all of the seats, or none; false when another has one of them."""
    ids = [new_id() for _ in seats]
    failpoint("before_seats_taken")
    taken = cursor(session).execute(statement, [ids, seats, *values]).fetchall()
    if len(taken) < len(seats):
        session.execute(delete(SeatUse).where(SeatUse.id.in_([row.id for row in taken])))
        return False
    return True


def lock_providers(session: Session, *provider_ids: str) -> None:
    """Let one booking at a time take seats of these providers, until the transaction ends.

    Two that want the same seat queue here instead of failing half-way. Whoever needs more than one provider names
    them all in one call, before any seat is taken: they are locked in one order, so nobody waits in a circle.
    """
    cursor(session).execute(LOCK, [sorted(set(provider_ids))])


def give_back_seats(session: Session, taker_id: UUID, provider_id: str) -> None:
    """Free the seats an appointment or a hold with this provider takes, for whoever asks after this transaction.

    Behind the provider's lock, as seats are taken and as those of a hold that is over are cleared away: one who had
    freed seats first, and then waited to take some, would wait in a circle with the one who clears them.
    """
    lock_providers(session, provider_id)
    session.execute(
        delete(SeatUse).where(or_(SeatUse.appointment_id == taker_id, SeatUse.hold_id == taker_id))
    )


def _choose(visit: VisitRules, free: Sequence[Any], room_id: str, apart: int) -> tuple[list[int], str] | None:
    """Pick the seats, provider's before the room's (one order for everybody); None when some are missing.

    Of the rooms `room_id`, else the first, or with a number in `apart` the one it falls on.
    """
    regular = [row.number for row in free if row.room_id is None and not row.overbook]
    extra = [row.number for row in free if row.room_id is None and row.overbook]
    rooms = [row for row in free if row.room_id is not None]
    wanted = (free[0].people if free else 0) if visit.whole_provider else 1
    provider_seats = regular[:wanted] if 0 < wanted <= len(regular) else extra[:1]
    if not provider_seats or not rooms:
        return None
    room = next((row for row in rooms if row.room_id == room_id), rooms[apart % len(rooms)])
    return [*provider_seats, room.number], room.room_id


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
