"""What patients may change by link, and until when; past that, their wish becomes a call-back."""

from datetime import datetime, timedelta

CHANGEABLE = ("booked", "confirmed")


def cutoff_of(starts_at: datetime, cutoff_minutes: int) -> datetime:
    """Return until when the patient may move or cancel the visit alone."""
    return starts_at - timedelta(minutes=cutoff_minutes)


def may_change(state: str, starts_at: datetime, cutoff_minutes: int, now: datetime) -> bool:
    """True while the patient may move or cancel the visit alone."""
    return state in CHANGEABLE and now < cutoff_of(starts_at, cutoff_minutes)


def why_not_book(state: str, flagged: bool, unknown_count: int) -> str:
    """Return why the patient may not choose a time alone, or "": not_ready, call_first, questions_open.

    Open questions about warning signs block self-booking just as a warning sign does: a person asks them first
    (`routes.action_to_route` of the clinical tables).
    """
    if flagged:
        return "call_first"
    if state != "to_book":
        return "not_ready"
    return "questions_open" if unknown_count else ""
