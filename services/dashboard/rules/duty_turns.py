"""The rota: turns on call typed by a manager, and the hours to come in which nobody is on call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kernel.read_whole import read_whole
from services.dashboard.rules.times import CLINIC_ZONE, parse_time

MOST_WEEKS = 26


class BadTurns(Exception):
    """The form cannot be taken as it is; the words say what to do."""


@dataclass(frozen=True)
class Gap:
    """Nobody is on call from `begins` until `ends`."""

    begins: datetime
    ends: datetime


def read_turns(form: Mapping[str, str], now: datetime) -> list[dict[str, str]]:
    """The turns of a form: `from` and `to` on the clinic's clock, repeated at that clock time for `weeks` weeks.

    Raises `BadTurns` with words for the page.
    """
    zone = ZoneInfo(CLINIC_ZONE)
    try:
        begins, ends = (datetime.fromisoformat(form.get(name, "")) for name in ("from", "to"))
    except ValueError:
        raise BadTurns("Give a day and a time for both ends of the turn.") from None
    weeks = read_whole(form.get("weeks", "1"), MOST_WEEKS, least=1)
    if weeks is None:
        raise BadTurns(f"Weeks are a number from 1 to {MOST_WEEKS}.")
    if begins.tzinfo is not None or ends.tzinfo is not None or ends <= begins:
        raise BadTurns("The turn has to end after it begins.")
    if ends - begins > timedelta(days=7):
        raise BadTurns("A turn is at most a week long; keep a longer one as several.")
    if ends.replace(tzinfo=zone) <= now:
        raise BadTurns("That turn is over already.")
    shifts = (timedelta(weeks=number) for number in range(weeks))
    return [
        {
            "starts_at": (begins + shift).replace(tzinfo=zone).isoformat(),
            "ends_at": (ends + shift).replace(tzinfo=zone).isoformat(),
        }
        for shift in shifts
    ]


def is_on_call(contact: Mapping[str, Any], moment: datetime) -> bool:
    """True when the contact is told of a call-back that opens at `moment`."""
    if not contact.get("on_call"):
        return False
    return not contact.get("by_turns") or any(begins <= moment < ends for begins, ends in _turns(contact))


def gaps(contacts: Sequence[Mapping[str, Any]], begins: datetime, ends: datetime) -> list[Gap]:
    """The stretches between `begins` and `ends` in which none of `contacts` is on call, in order."""
    switched_on = [one for one in contacts if one.get("on_call")]
    if any(not one.get("by_turns") for one in switched_on):
        return []
    covered = sorted(turn for one in switched_on for turn in _turns(one))
    found, free_from = [], begins
    for start, end in covered:
        if start >= ends:
            break
        if start > free_from:
            found.append(Gap(free_from, start))
        free_from = max(free_from, end)
    return [*found, Gap(free_from, ends)] if free_from < ends else found


def _turns(contact: Mapping[str, Any]) -> Iterator[tuple[datetime, datetime]]:
    for turn in contact.get("turns") or ():
        begins, ends = parse_time(turn.get("starts_at")), parse_time(turn.get("ends_at"))
        if begins is not None and ends is not None:
            yield begins, ends
