"""Everything a run left behind, as plain rows: the history, the databases, the carrier's and the mail server's log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Acknowledged:
    """One submission the clinic said it had: under which key, as which id, and whose."""

    key: str
    id: str
    number: int


@dataclass(frozen=True)
class StoredSubmission:
    """One row of intake's, its answers opened; how many audit entries and outbox events stand beside it."""

    id: str
    answers: Mapping[str, Any]
    audited: int
    told: int


@dataclass(frozen=True)
class StoredReferral:
    """One referral as stored. `moves` and `audited_moves`: what happened to it, and what the audit says of that."""

    id: str
    submission_id: str
    state: str
    clock: str
    has_due: bool
    moves: tuple[str, ...]
    audited_moves: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """One appointment that takes its provider's time (Unix seconds)."""

    id: str
    provider: str
    starts_at: float
    ends_at: float
    overbooked: bool


@dataclass(frozen=True)
class Post:
    """One message on the wire, by the log of whoever took it: `at` its first byte, `accepted` when it was kept."""

    attempt: str
    channel: str
    to: str
    at: float
    accepted: bool
    body: str = ""
    url: str = ""


@dataclass(frozen=True)
class Message:
    """One planned message as it ended. `key`: visit or cause, version, step, channel. `item`: staff were told."""

    id: str
    key: tuple[str, int | None, str, str]
    state: str
    reason: str
    due: bool
    attempts: frozenset[str]
    exempt: str = ""
    doubted_for: float = 0.0
    item: bool = False


@dataclass(frozen=True)
class AuditRow:
    """One link of the chain: the entry's content, its digest as stored, and the two hashes (hex)."""

    seq: int
    content: Mapping[str, Any]
    digest: str
    previous: str
    hash: str


@dataclass
class Evidence:
    """A run. `offsets`: from when on business time was how far ahead of the machine's clock."""

    acknowledged: list[Acknowledged]
    tried_keys: set[str]
    submissions: list[StoredSubmission]
    referrals: list[StoredReferral]
    worklist: list[str]
    tally: Mapping[str, int]
    callbacks: list[str]
    board: list[str]
    board_sights: list[tuple[str, bool, float]]
    booked: list[tuple[str, int]]
    visits: list[Visit]
    seats: Mapping[str, int]
    posts: list[Post]
    messages: list[Message]
    moves: Mapping[str, Sequence[tuple[str, str]]]
    opted_out: dict[str, float]
    void_since: dict[tuple[str, int], float]
    zones: dict[str, str]
    offsets: list[tuple[float, timedelta]]
    owed: list[tuple[str, str, int]]
    drained_in: float | None
    audit: dict[str, list[AuditRow]]
    unsealed: dict[str, int]
    canaries: list[tuple[str, str]]
    ready_in: float | None
    unwell: list[str]
    forged: list[int] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)

    def offset_at(self, at: float) -> timedelta:
        """How far ahead of the machine's clock business time was at `at`."""
        return next((offset for since, offset in reversed(self.offsets) if at >= since), self.offsets[0][1])
