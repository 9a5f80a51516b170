"""Sends due messages by the fenced protocol: commit, fence, write, wait without a connection, settle.

reliability.md §2.1 items 3-5: the attempt is committed before a byte leaves; the answer is written under its id;
what nobody saw the end of is "unknown" and never sent again on a guess.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.logs import log
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.grant_sends import Grant, grant_sends
from services.notify.actions.heed_carrier_stop import heed_carrier_stop
from services.notify.actions.mark_handover import mark_handover
from services.notify.actions.may_send import may_send
from services.notify.actions.return_tokens import return_tokens
from services.notify.actions.settle_sends import settle_sends
from services.notify.actions.start_sends import Started, start_sends
from services.notify.queries.send_candidates import suspect_waits
from services.notify.rules.compose import ClinicWords
from services.notify.rules.provider_pace import choose
from services.notify.rules.receipts import OPTED_OUT_CODES
from services.notify.rules.recipients import EVERYONE, SIMULATED, Recipients
from services.notify.sending.provider import Outcome, Provider, Transmission

ROWS_PER_RING = 64
# A new wave starts only while its slowest end (connect and answer) is still inside the task's time limit.
LAST_WAVE_STARTS_AFTER_SECONDS = 10.0

T = TypeVar("T")


class _NoFence(Exception):
    """What could forbid a wave's sends was not to be locked now: nothing of it was started."""


UNRING = "UPDATE planned_message SET rung_at = NULL WHERE id = :id AND state = 'due'"


class _Chooser:
    """Deals the granted tokens out, a message at a time."""

    def __init__(self, grants: Mapping[str, Grant]) -> None:
        self._grants = grants
        self.left = {name: grant.allowance for name, grant in grants.items()}

    def __call__(self, channel: str, only: str) -> str:
        weights = {
            name: grant.weight
            for name, grant in self._grants.items()
            if grant.channel == channel and only in ("", name)
        }
        chosen = choose(weights, self.left, random.random())
        if chosen:
            self.left[chosen] -= 1
        return chosen


@dataclass(frozen=True)
class MessageCourier:
    """Sends this service's messages. `providers` by name; `worker_id` names the process whose leases these are."""

    database: Database
    clinic: ClinicWords
    providers: Mapping[str, Provider]
    worker_id: str
    recipients: Recipients = EVERYONE

    def send(self, message_id: UUID) -> None:
        """Take the oldest due messages, up to a ring's worth, and hand them to their providers.

        The id rung for is among them unless others were due before it; those have rings of their own.
        """
        began = time.monotonic()
        last_start = began + LAST_WAVE_STARTS_AFTER_SECONDS
        suspect = self._take_and_send(message_id, last_start, ROWS_PER_RING)
        while suspect and time.monotonic() < last_start:
            suspect = self._take_and_send(message_id, last_start, 1, suspect=True)

    def _take_and_send(
        self, message_id: UUID, last_start: float, most: int, *, suspect: bool = False
    ) -> bool:
        """One transaction's worth; True when a message waits that ended its sender twice and goes alone."""
        grants = self._grants(most)
        chooser = _Chooser(grants)
        most = min(most, sum(grant.allowance for grant in grants.values()))
        with self.database.transaction() as session:
            if most == 0:
                # Rung again at the next poll, when the buckets have filled.
                session.execute(text(UNRING), {"id": message_id})
                return False
            started = start_sends(
                session,
                self.clinic,
                self.worker_id,
                chooser,
                limit=most,
                recipients=self.recipients,
                marking=[name for name, provider in self.providers.items() if provider.marks_handover],
                suspect=suspect,
            )
            more = suspect_waits(session, now(session))
            return_tokens(session, chooser.left)
            failpoint("before_sending_commit")
        for batch in self._batches(started):
            self._send_batch(batch, last_start)
        return more

    def _grants(self, most: int) -> dict[str, Grant]:
        """Take tokens in a transaction of their own: the buckets' rows are every worker's. None while paused."""
        paces = {
            name: (provider.channel, provider.pace)
            for name, provider in self.providers.items()
            if name != SIMULATED
        }
        with self.database.transaction() as session:
            session.connection().exec_driver_sql("SET LOCAL synchronous_commit = off")
            if not may_send(session):
                return {}
            return grant_sends(session, paces, most)

    def _batches(self, started: Sequence[Started]) -> Iterator[list[Started]]:
        by_provider: dict[str, list[Started]] = {}
        for sent in started:
            by_provider.setdefault(sent.provider, []).append(sent)
        for name, sends in by_provider.items():
            yield from _parts(sends, self.providers[name].letters_a_batch)

    def _send_batch(self, batch: list[Started], last_start: float) -> None:
        """Connect for a batch, start it wave by wave, and settle what was finished, whatever happens to the rest."""
        provider = self.providers[batch[0].provider]
        if time.monotonic() > last_start:
            self._settle(batch, [Outcome("not_transmitted", code="no_time") for _ in batch])
            return
        prepared = provider.prepare([sent.letter for sent in batch])
        outcomes: list[Outcome] = []
        settled = 0
        try:
            at_once = provider.letters_at_once
            for wave, ready in zip(_parts(batch, at_once), _parts(prepared, at_once), strict=True):
                if outcomes and time.monotonic() > last_start:
                    outcomes += _abandoned(ready, "no_time")
                    continue
                opened = [item if isinstance(item, Outcome) else item.open() or item for item in ready]
                if all(isinstance(item, Outcome) for item in opened):
                    outcomes += [item for item in opened if isinstance(item, Outcome)]
                    continue
                failpoint("before_post")
                for sent in wave:
                    failpoint("before_post_of", sent.step)
                # Nobody can be asked later what became of a marked letter: its end is committed with the next one's
                # mark, before the next one's text leaves.
                due = (
                    list(zip(batch[settled:], outcomes[settled:], strict=False))
                    if provider.marks_handover
                    else []
                )
                on_the_wire = self._start_fenced(wave, opened, due, marking=provider.marks_handover)
                settled += len(due)
                failpoint("while_posting")
                ends = [item if isinstance(item, Outcome) else item.finish() for item in on_the_wire]
                failpoint("after_post")
                outcomes += ends
        finally:
            if outcomes[settled:]:
                self._settle(batch[settled : len(outcomes)], outcomes[settled:])

    def _start_fenced(
        self,
        wave: Sequence[Started],
        opened: Sequence[Transmission | Outcome],
        due: Sequence[tuple[Started, Outcome]],
        *,
        marking: bool,
    ) -> list[Transmission | Outcome]:
        """Start those that may still go, while what could forbid them is locked; and settle those that are `due`."""
        if any(outcome.result != "accepted" for _, outcome in due):
            # Their recipients may have to be locked, and recipients are locked before messages.
            self._settle(*_columns(due), durably=False)
            due = []
        on_the_wire: list[Transmission | Outcome] = []
        try:
            with self.database.transaction() as session:
                self._fence_and_start(session, wave, opened, due, on_the_wire, marking=marking)
        except _NoFence:
            # Nothing was started: they are due again, and what was to be settled with them is settled by itself.
            if due:
                self._settle(*_columns(due), durably=False)
            return [*_abandoned(opened, "fence")]
        return on_the_wire

    def _fence_and_start(
        self,
        session: Session,
        wave: Sequence[Started],
        opened: Sequence[Transmission | Outcome],
        due: Sequence[tuple[Started, Outcome]],
        on_the_wire: list[Transmission | Outcome],
        *,
        marking: bool,
    ) -> None:
        marked: list[Started] = []
        if not marking:
            # Nothing is written here that would have to outlive a crash.
            session.connection().exec_driver_sql("SET LOCAL synchronous_commit = off")
        try:
            fenced = fence_sends(session, wave)
        except (DeadlockDetected, LockNotAvailable, QueryCanceled):
            raise _NoFence from None
        for sent, may_go, item in zip(wave, fenced, opened, strict=True):
            if isinstance(item, Outcome):
                on_the_wire.append(item)
            elif may_go:
                item.start()
                on_the_wire.append(item)
                marked.append(sent)
            else:
                on_the_wire += _abandoned([item], "fence")
        if marking:
            mark_handover(session, marked)
        if due:
            settle_sends(session, *_columns(due))
            failpoint("before_settle_commit")

    def _settle(self, sends: Sequence[Started], outcomes: Sequence[Outcome], *, durably: bool = True) -> None:
        with self.database.transaction() as session:
            if not durably:
                # Lost in a crash of PostgreSQL, the end of a marked letter becomes "unknown", as without this commit.
                session.connection().exec_driver_sql("SET LOCAL synchronous_commit = off")
            settle_sends(session, sends, outcomes)
            failpoint("before_settle_commit")
        stopped = {
            sent.contact_point_id: outcome.code
            for sent, outcome in zip(sends, outcomes, strict=True)
            if outcome.result == "refused" and outcome.code in OPTED_OUT_CODES
        }
        for point_id, code in stopped.items():
            with self.database.transaction() as session:
                heed_carrier_stop(session, point_id, code)
        for sent, outcome in zip(sends, outcomes, strict=True):
            if outcome.result != "accepted":
                log().warning(
                    "message_not_accepted",
                    message=str(sent.letter.message_id),
                    result=outcome.result,
                    code=outcome.code,
                )


def _columns(due: Sequence[tuple[Started, Outcome]]) -> tuple[list[Started], list[Outcome]]:
    return [sent for sent, _ in due], [outcome for _, outcome in due]


def _parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])


def _abandoned(items: Sequence[Transmission | Outcome], code: str) -> list[Outcome]:
    """Let go of letters that will not be started now."""
    ends = []
    for item in items:
        if isinstance(item, Outcome):
            ends.append(item)
        else:
            item.abandon()
            ends.append(Outcome("not_transmitted", code=code))
    return ends
