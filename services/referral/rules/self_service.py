"""What patients may change by link, and until when; past that, their wish becomes a call-back."""

from collections.abc import Collection
from datetime import datetime, timedelta

CHANGEABLE = ("booked", "confirmed")


def cutoff_of(starts_at: datetime, cutoff_minutes: int) -> datetime:
    """Return until when the patient may move or cancel the visit alone."""
    return starts_at - timedelta(minutes=cutoff_minutes)


def may_change(state: str, starts_at: datetime, cutoff_minutes: int, now: datetime) -> bool:
    """True while the patient may move or cancel the visit alone."""
    return state in CHANGEABLE and now < cutoff_of(starts_at, cutoff_minutes)


def why_not_alone(flagged: bool, open_warnings: Collection[str]) -> str:
    """Return why no first time may be taken by link, chosen or offered, or "": call_first, questions_open.

    An open red flag, and a warning sign that answers left open and no clinician settled: a person asks first
    (docs/decisions/0130-what-a-patient-may-book-alone.md). Other open questions are settled by the acceptance.
    """
    if flagged:
        return "call_first"
    return "questions_open" if open_warnings else ""


def why_not_book(state: str, flagged: bool, open_warnings: Collection[str]) -> str:
    """Return why the patient may not choose a time alone, or "": not_ready, call_first, questions_open."""
    if flagged:
        return "call_first"
    return why_not_alone(flagged, open_warnings) if state == "to_book" else "not_ready"
