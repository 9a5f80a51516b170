"""What every provider adapter promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from kernel.personal import Personal
from services.notify.rules.provider_pace import Pace

Result = Literal["accepted", "refused", "not_transmitted", "unknown"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message ready to go. `attempt_id` is committed before the first byte leaves.

    An e-mail has its `text` as the plain part, and `html`, the visit as a `calendar` file, and the `stop_link` by which
    its reader ends them, where there is one.
    """

    message_id: UUID
    attempt_id: UUID
    address: Personal[str]
    text: str
    subject: str = ""
    calendar: str = ""
    html: str = ""
    stop_link: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter.

    accepted: the provider has it (`provider_message_id`). refused: it will never take it (`code`, `permanent` when
    the address itself is at fault). not_transmitted: it never got it, trying again is safe (`retry_after` seconds
    when it named a time). unknown: nobody can tell yet; `doubtful` when it may still be working on it.
    """

    result: Result
    provider_message_id: str | None = None
    http_status: int | None = None
    code: str = ""
    retry_after: float | None = None
    permanent: bool = False
    doubtful: bool = False


class Transmission(Protocol):
    """One letter on its way: `open`, `start`, `finish`, in this order; or `abandon` in the place of `start`.

    `open` says to the provider whatever leads to no delivery, and may wait: nothing is locked meanwhile. It returns
    the letter's end when there is one already, after which nothing else is called. `start` is called while whatever
    could forbid the letter is locked: it puts it on the wire, or nothing, and never waits. `finish` reads the answer.
    """

    def open(self) -> Outcome | None: ...

    def start(self) -> None: ...

    def abandon(self) -> None: ...

    def finish(self) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A message the provider says it has. `body_sha256` of its text, `at` by the provider's clock."""

    provider_message_id: str
    status: str
    code: str
    body_sha256: bytes
    at: datetime | None


class LookupFailed(Exception):
    """The provider could not say whether it has a message: that is no denial."""


class NoList(LookupFailed):
    """The provider keeps no list of what it took: asking it again soon is work for nothing."""


class Provider(Protocol):
    """A provider of one channel. Several threads may use it at once."""

    name: str
    channel: str
    waits_for_receipts: bool
    # How many letters may be started before the first is finished, and how many are prepared and settled together.
    letters_at_once: int
    letters_a_batch: int
    # True when only `finish` transmits what could be delivered: a mark is committed between `start` and it.
    marks_handover: bool
    pace: Pace

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Connect for a batch of letters; a letter that cannot be sent now gets its Outcome at once."""
        ...

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """Messages to `address` the provider has had since then; raises `LookupFailed`."""
        ...
