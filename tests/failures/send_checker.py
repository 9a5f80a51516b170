"""What must be true of messages after any run: read from the carrier's own log and the service's rows, pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

FINAL = ("sent", "delivered", "failed", "suppressed", "expired", "held")
REASONED = ("failed", "suppressed", "expired", "held")
ORDER = {"sending": 0, "unknown": 1, "sent": 2, "delivered": 3, "failed": 3}
# The confirmation of an opt-out is the one text that may follow it.
AFTER_OPT_OUT = ("opt_out_confirmed",)


@dataclass(frozen=True)
class Post:
    """One POST the carrier took in: `at` (its clock) of its first byte; `accepted` when it kept the message."""

    attempt: str
    to: str
    at: float
    accepted: bool


@dataclass(frozen=True)
class Message:
    """One planned message as it ended, with the attempts made for it."""

    id: str
    key: tuple[str, int | None, str, str]
    state: str
    reason: str
    due: bool
    attempts: frozenset[str]


@dataclass
class History:
    """A run. Times are the machine's clock; `offset` makes business time of them."""

    posts: Sequence[Post]
    messages: Sequence[Message]
    moves: Mapping[str, Sequence[str]]
    opted_out: Mapping[str, float]
    void_since: Mapping[tuple[str, int], float]
    zones: Mapping[str, str]
    offset: timedelta


def check_sends(history: History) -> list[str]:
    """Return what is wrong, by invariant (reliability.md §2.2); [] when nothing is."""
    owner = {attempt: message for message in history.messages for attempt in message.attempts}
    return [
        *_accepted_once(history, owner),
        *_none_after_opt_out(history, owner),
        *_none_at_night(history),
        *_none_for_void_versions(history, owner),
        *_all_accounted_for(history),
        *_never_backwards(history),
    ]


def _accepted_once(history: History, owner: Mapping[str, Message]) -> list[str]:
    accepted = Counter(
        owner[post.attempt].key for post in history.posts if post.accepted and post.attempt in owner
    )
    strangers = [f"I2 accepted for no message: {p.attempt}" for p in history.posts if p.attempt not in owner]
    return [f"I2 accepted {n} times: {key}" for key, n in accepted.items() if n > 1] + strangers


def _none_after_opt_out(history: History, owner: Mapping[str, Message]) -> list[str]:
    return [
        f"I3 posted {post.at - history.opted_out[post.to]:.3f} s after the opt-out: {post.attempt}"
        for post in history.posts
        if post.to in history.opted_out
        and post.at > history.opted_out[post.to]
        and (post.attempt not in owner or owner[post.attempt].key[2] not in AFTER_OPT_OUT)
    ]


def _none_at_night(history: History) -> list[str]:
    found = []
    for post in history.posts:
        local = (datetime.fromtimestamp(post.at, UTC) + history.offset).astimezone(
            ZoneInfo(history.zones[post.to])
        )
        if not time(8) <= local.time() < time(21):
            found.append(f"I4 posted at {local:%H:%M} local: {post.attempt}")
    return found


def _none_for_void_versions(history: History, owner: Mapping[str, Message]) -> list[str]:
    found = []
    for post in history.posts:
        message = owner.get(post.attempt)
        if message is None or message.key[1] is None:
            continue
        since = history.void_since.get((message.key[0], message.key[1]))
        if since is not None and post.at > since:
            found.append(f"I5 posted for a void version {post.at - since:.3f} s later: {message.key}")
    return found


def _all_accounted_for(history: History) -> list[str]:
    accepted = {post.attempt for post in history.posts if post.accepted}
    found = []
    for message in history.messages:
        if message.due and message.state not in FINAL:
            found.append(f"I7 never ended: {message.key} {message.state}")
        if message.state in REASONED and not message.reason:
            found.append(f"I7 no reason: {message.key}")
        if message.state in ("sent", "delivered") and not message.attempts & accepted:
            found.append(f"I7 called sent, never accepted: {message.key}")
        if message.state not in ("sent", "delivered", "failed") and message.attempts & accepted:
            found.append(f"I7 accepted, called {message.state}: {message.key}")
    return found


def _never_backwards(history: History) -> list[str]:
    found = []
    for message, states in history.moves.items():
        reached = 0
        for state in states:
            rank = ORDER.get(state, 0)
            # A send the provider denies having starts again: that is no receipt taken back.
            if rank < reached and reached >= 2:
                found.append(f"I9 went back: {message} {' '.join(states)}")
                break
            reached = max(reached, rank)
    return found
