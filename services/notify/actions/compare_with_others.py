"""Ask the other services what they heard from us and we from them: what its sender does not have was lost in a copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.compare_events import heard_lately, not_sent_from_here
from kernel.database import Database
from kernel.logs import log
from kernel.service_client import ServiceClient, ServiceUnavailable
from services.notify.actions.may_send import ITEM, SLACK
from services.notify.actions.open_staff_item import SYSTEM, open_staff_item
from services.notify.actions.pause_sending import pause_sending
from services.notify.model import LostEvent
from services.notify.queries.sending_gate import sending_gate

# Who tells us something, or hears from us.
PEERS = ("intake", "referral")
# One that cannot be asked must not keep messages back for long (FAULT-59); it is asked again every minute.
MOST_TRIES = 15
COMPARED = "UPDATE sending_gate SET compared_start = :start, compare_tries = 0 WHERE id = 1"
IN_VAIN = "UPDATE sending_gate SET compare_tries = compare_tries + 1 WHERE id = 1"
GAP = """
UPDATE sending_gate SET gap_since = least(gap_since,
    least(coalesce(seen_at, now()), CAST(:first AS timestamptz)) - CAST(:slack AS interval)) WHERE id = 1
"""
NOT_KNOWN_YET = (404, 405)
# The last moment a timestamp here can say: an id of another kind may name a later one.
LAST_MILLISECOND = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class _Told:
    """A peer's answer: which events we heard from it are not with it, and which it last heard from us."""

    never_sent: frozenset[UUID]
    heard: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Lost:
    """An event between us and `service` that its sender does not have."""

    id: UUID
    service: str
    sent_by_us: bool


def compare_with_others(
    session: Session,
    database: Database,
    client: ServiceClient,
    peers: Sequence[str],
    *,
    after_start: bool = False,
) -> int:
    """Pause sending when we, or one of `peers`, do not have an event the other heard; return how many are new.

    `after_start`: only when nobody was asked since PostgreSQL was started, and from then on let messages leave. The
    others are asked while nothing is locked: `session` is first used for what was found.
    """
    with database.transaction() as reading:
        gate = sending_gate(reading)
        if after_start and gate.compared_start == gate.server_start:
            return 0
        heard = {peer: heard_lately(reading, peer) for peer in peers}
    answers = {peer: _ask(client, peer, events) for peer, events in heard.items()}
    lost = [
        one
        for peer, answer in answers.items()
        if answer is not None
        for one in _lost_between(session, peer, heard[peer], answer)
    ]
    new = _keep(session, lost)
    if new:
        _hold(session, new)
    _note(session, gate, all_told=None not in answers.values())
    return len(new)


def _note(session: Session, gate: Any, *, all_told: bool) -> None:
    """Keep that all were asked since the start. Tries in vain count only while messages wait for them."""
    waiting = gate.compared_start != gate.server_start
    given_up = waiting and not all_told and gate.compare_tries + 1 >= MOST_TRIES
    if given_up:
        log().warning("compare_given_up", tries=MOST_TRIES)
    if all_told or given_up:
        session.execute(text(COMPARED), {"start": gate.server_start})
    elif waiting:
        session.execute(text(IN_VAIN))


def _ask(client: ServiceClient, peer: str, events: Sequence[UUID]) -> _Told | None:
    """What `peer` says to the events we heard from it; None when it cannot be asked now, or answers oddly."""
    told = _told_by(client, peer, events)
    if isinstance(told, _Told):
        return told
    log().warning("compare_not_answered", peer=peer, why=told)
    return None


def _told_by(client: ServiceClient, peer: str, events: Sequence[UUID]) -> _Told | str:
    """As `_ask`; why not, instead of None."""
    try:
        answer = client.call(
            peer, "POST", "/events/compare", json_body={"heard": [str(one) for one in events]}
        )
    except ServiceUnavailable as error:
        return error.why
    if answer.status in NOT_KNOWN_YET:
        return _Told(frozenset(), ())
    if not answer.ok:
        return f"status {answer.status}"
    try:
        never_sent, last_heard = answer.body["never_sent"], answer.body["heard"]
        return _Told(frozenset(UUID(one) for one in never_sent), tuple(UUID(one) for one in last_heard))
    except (AttributeError, LookupError, TypeError, ValueError):
        return "odd_answer"


def _lost_between(session: Session, peer: str, heard: Sequence[UUID], answer: _Told) -> list[_Lost]:
    ours = not_sent_from_here(session, answer.heard)
    return [
        *(_Lost(one, peer, sent_by_us=False) for one in heard if one in answer.never_sent),
        *(_Lost(one, peer, sent_by_us=True) for one in ours),
    ]


def _keep(session: Session, lost: Sequence[_Lost]) -> list[_Lost]:
    """Keep what was not found before, and return it."""
    if not lost:
        return []
    at = now(session)
    rows = [
        {"id": one.id, "service": one.service, "sent_by_us": one.sent_by_us, "found_at": at} for one in lost
    ]
    added = set(
        session.scalars(insert(LostEvent).values(rows).on_conflict_do_nothing().returning(LostEvent.id))
    )
    return [one for one in lost if one.id in added]


def _hold(session: Session, new: Sequence[_Lost]) -> None:
    ours = [one.id for one in new if one.sent_by_us]
    reason = "restored" if ours else "restored_elsewhere"
    paused = pause_sending(session, SYSTEM, reason)
    if ours:
        session.execute(text(GAP), {"first": _made_at(min(ours)), "slack": SLACK})
    open_staff_item(session, "sending_paused", ITEM, code=reason, again=True)
    for service in sorted({one.service for one in new}):
        between = [one for one in new if one.service == service]
        details = {"events": len(between), "sent_by_us": sum(one.sent_by_us for one in between)}
        record(session, SYSTEM, "find_lost_events", "sending_gate", "1", reason=service, details=details)
        log().error("events_lost", service=service, paused=paused, **details)


def _made_at(event_id: UUID) -> datetime:
    """When an event was written, as its id says (RFC 9562, version 7: Unix milliseconds first)."""
    return datetime.fromtimestamp(min(event_id.int >> 80, LAST_MILLISECOND) / 1000, UTC)
