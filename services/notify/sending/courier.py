"""Sends due messages by the fenced protocol: commit, fence, write, wait without a connection, settle.

reliability.md §2.1 items 3-5: the attempt is committed before a byte leaves; the answer is written under its id;
what nobody saw the end of is "unknown" and never sent again on a guess.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.logs import log
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.settle_sends import settle_sends
from services.notify.actions.start_sends import Started, start_sends
from services.notify.rules.compose import ClinicWords
from services.notify.sending.provider import Outcome, Provider, Transmission

ROWS_PER_RING = 40
# A new wave starts only while its slowest end (connect and answer) is still inside the task's time limit.
LAST_WAVE_STARTS_AFTER_SECONDS = 10.0


@dataclass(frozen=True)
class MessageCourier:
    """Sends this service's messages. `providers` by name; `worker_id` names the process whose leases these are."""

    database: Database
    clinic: ClinicWords
    providers: Mapping[str, Provider]
    worker_id: str

    def send(self, _message_id: UUID) -> None:
        """Take the oldest due messages, up to a ring's worth, and hand them to their providers.

        The id rung for is among them unless others were due before it; those have rings of their own.
        """
        began = time.monotonic()
        with self.database.transaction() as session:
            started = start_sends(session, self.clinic, self.worker_id, self.choose_provider, ROWS_PER_RING)
            failpoint("before_sending_commit")
        for wave in self._waves(started):
            if time.monotonic() - began > LAST_WAVE_STARTS_AFTER_SECONDS:
                self._settle(wave, [Outcome("not_transmitted", code="no_time") for _ in wave])
            else:
                self._send_wave(wave)

    def choose_provider(self, channel: str) -> str:
        """The provider for the next message of `channel`, or "" when none may be asked now."""
        for provider in self.providers.values():
            if provider.channel == channel:
                return provider.name
        return ""

    def _waves(self, started: Sequence[Started]) -> Iterator[list[Started]]:
        by_provider: dict[str, list[Started]] = {}
        for sent in started:
            by_provider.setdefault(sent.provider, []).append(sent)
        for name, sends in by_provider.items():
            size = self.providers[name].letters_at_once
            for first in range(0, len(sends), size):
                yield sends[first : first + size]

    def _send_wave(self, wave: list[Started]) -> None:
        provider = self.providers[wave[0].provider]
        prepared = provider.prepare([sent.letter for sent in wave])
        failpoint("before_post")
        on_the_wire = self._start_fenced(wave, prepared)
        failpoint("while_posting")
        outcomes = [ready if isinstance(ready, Outcome) else ready.finish() for ready in on_the_wire]
        failpoint("after_post")
        self._settle(wave, outcomes)

    def _start_fenced(
        self, wave: list[Started], prepared: list[Transmission | Outcome]
    ) -> list[Transmission | Outcome]:
        """Write the requests of those that may still go, while what could forbid them is locked."""
        ready: list[Transmission | Outcome] = []
        with self.database.transaction() as session:
            for may_go, item in zip(fence_sends(session, wave), prepared, strict=True):
                if isinstance(item, Outcome):
                    ready.append(item)
                elif may_go:
                    item.start()
                    ready.append(item)
                else:
                    item.abandon()
                    ready.append(Outcome("not_transmitted", code="fence"))
        return ready

    def _settle(self, wave: list[Started], outcomes: list[Outcome]) -> None:
        with self.database.transaction() as session:
            settle_sends(session, wave, outcomes)
            failpoint("before_settle_commit")
        for sent, outcome in zip(wave, outcomes, strict=True):
            if outcome.result != "accepted":
                log().warning(
                    "message_not_accepted",
                    message=str(sent.letter.message_id),
                    result=outcome.result,
                    code=outcome.code,
                )
