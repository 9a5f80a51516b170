"""What the first transaction of a send reads: due rows nobody else has, with everything the gate asks about."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array
from services.notify.rules.gate import Candidate, start_of_day

# Each of these is in an order, also where one row is enough: told of a moment it does not know yet, PostgreSQL takes a
# third of the table for due, and looks for one of them by reading all that waits for later.

# Twice the sender ended with these in hand (free_sends.py): they go alone from then on.
SUSPECT = "goes_alone"
PICK_ANY = """
SELECT id, contact_point_id FROM planned_message WHERE state = 'due' AND due_at <= :now AND {which}
ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
"""
PICK = PICK_ANY.format(which=f"NOT ({SUSPECT})")
PICK_SUSPECT = PICK_ANY.format(which=SUSPECT)
WAITS = (
    "SELECT 1 FROM planned_message WHERE state = 'due' AND due_at <= :now AND {which} ORDER BY due_at LIMIT 1"
)
SUSPECT_WAITS = WAITS.format(which=SUSPECT)
# After an outage the nearest visit comes first, whatever was due before it.
BEHIND = "SELECT 1 FROM planned_message WHERE state = 'due' AND due_at <= :late ORDER BY due_at LIMIT 1"
PICK_BEHIND = PICK.replace("ORDER BY due_at", "ORDER BY expires_at")
BEHIND_AFTER = timedelta(minutes=5)
# A recipient someone else is writing about now is left for the next ring: waiting here could block an opt-out.
LOCK_RECIPIENTS = """
SELECT id FROM contact_point WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
# Facts of more than 256 kB are none of ours (a few kB): to read them could be the end of the process.
FACTS = """
SELECT m.id, m.patient_id, m.appointment_id, m.appointment_version, m.step, m.channel, m.topic,
    m.contact_point_id, m.language, m.template, m.urgent, m.exempt, m.created_at, m.due_at, m.expires_at,
    m.attempts, m.reason, m.ask_since, octet_length(m.about_sealed) > 262144 AS too_large,
    CASE WHEN octet_length(m.about_sealed) <= 262144 THEN m.about_sealed END AS about_sealed,
    (SELECT s.provider FROM send_attempt s WHERE s.id = m.attempt_id AND s.outcome = 'denied') AS denied_by,
    c.address_sealed, c.opted_out_at, c.held_at, c.dead_at,
    p.time_zone, p.told_by_staff_at, n.given AS consent,
    a.version AS visit_version, a.state AS visit_state, a.facts
FROM planned_message m
LEFT JOIN contact_point c ON c.id = m.contact_point_id
LEFT JOIN patient p ON p.id = m.patient_id
LEFT JOIN consent n ON n.patient_id = m.patient_id AND n.channel = m.channel AND n.topic = m.topic
LEFT JOIN appointment a ON a.id = m.appointment_id
WHERE m.id = ANY(CAST(:ids AS uuid[])) ORDER BY array_position(CAST(:ids AS uuid[]), m.id)
"""
COUNTED = """
SELECT contact_point_id, sent_at FROM planned_message
WHERE contact_point_id = ANY(CAST(:ids AS uuid[])) AND sent_at > :since AND exempt = ''
    AND state IN ('sending', 'sent', 'delivered', 'unknown')
"""


@dataclass(frozen=True, slots=True)
class Picked:
    """Due rows this transaction holds: `facts` of those whose recipient it holds too, `busy` the others' ids."""

    facts: list[Any]
    busy: list[UUID]


def suspect_waits(session: Session, now: datetime) -> bool:
    """Whether a message is due that has ended its sender twice."""
    return session.execute(text(SUSPECT_WAITS), {"now": now}).first() is not None


def pick_due(session: Session, now: datetime, limit: int, *, suspect: bool = False) -> Picked:
    """Lock up to `limit` due messages and their recipients, waiting for nobody.

    Oldest due first; when sending is minutes behind, those of the nearest visits first. Those that ended their sender
    twice are left out, or (`suspect`) are what is asked for.
    """
    behind = session.execute(text(BEHIND), {"late": now - BEHIND_AFTER}).first() is not None
    pick = PICK_SUSPECT if suspect else PICK_BEHIND if behind else PICK
    rows = session.execute(text(pick), {"now": now, "limit": limit}).all()
    if not rows:
        return Picked([], [])
    wanted = list({row.contact_point_id for row in rows if row.contact_point_id is not None})
    held = set(session.scalars(text(LOCK_RECIPIENTS), {"ids": ids_array(wanted)})) if wanted else set()
    mine = [row.id for row in rows if row.contact_point_id is None or row.contact_point_id in held]
    busy = [row.id for row in rows if row.contact_point_id is not None and row.contact_point_id not in held]
    facts = list(session.execute(text(FACTS), {"ids": ids_array(mine)})) if mine else []
    return Picked(facts, busy)


def counted_sends(session: Session, recipients: Sequence[UUID], now: datetime) -> dict[UUID, list[datetime]]:
    """When each recipient was sent messages that count against the caps, in the last seven days and a bit."""
    found: dict[UUID, list[datetime]] = defaultdict(list)
    if recipients:
        values = {"ids": ids_array(recipients), "since": now - timedelta(days=8)}
        for row in session.execute(text(COUNTED), values):
            found[row.contact_point_id].append(row.sent_at)
    return found


def candidate_of(row: Any, sent: Sequence[datetime], at: datetime) -> Candidate:
    """What the gate asks about one row of `FACTS`; `sent` as from `counted_sends`."""
    today, week = start_of_day(at, row.time_zone or ""), at - timedelta(days=7)
    return Candidate(
        step=row.step,
        channel=row.channel,
        topic=row.topic,
        exempt=row.exempt,
        urgent=row.urgent,
        created_at=row.created_at,
        expires_at=row.expires_at,
        time_zone=row.time_zone or "",
        reachable=row.address_sealed is not None,
        consent=row.consent,
        opted_out=row.opted_out_at is not None,
        held=row.held_at is not None,
        dead=row.dead_at is not None,
        of_visit=row.appointment_id is not None,
        visit_is_current=row.appointment_version == row.visit_version,
        visit_state=row.visit_state or "",
        sent_today=sum(1 for moment in sent if moment >= today),
        sent_this_week=sum(1 for moment in sent if moment > week),
        told_by_staff_at=row.told_by_staff_at,
    )
