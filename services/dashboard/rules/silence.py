"""Is sending well? One verdict from the counts, in words a manager can act on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LATE_SECONDS = 120
SILENT = timedelta(hours=24)
# What a pause means and what to do, by its reason.
PAUSED = {
    "restored": (
        "Sending is paused: these data were restored from a copy.",
        "What was sent after the copy was made is not known here. Nothing leaves until a manager or administrator "
        "lets it go on; then the carrier is asked about each text whose time has come before it is sent.",
    ),
    "restored_elsewhere": (
        "Sending is paused: another service does not know any more what it told messages.",
        "Its data were restored from a copy. Visits booked, moved or cancelled after that copy was made are known to "
        "messages only. Have it restored to a later moment, or enter what is missing by hand; then let sending go on.",
    ),
    "by_staff": (
        "Sending is paused.",
        "Nothing leaves until a manager or administrator lets it go on. What is due waits, or expires with its reason "
        "when its visit begins.",
    ),
}


@dataclass(frozen=True)
class Verdict:
    """`tone` is green, amber or red; `words` what is so; `do` what to do about it."""

    tone: str
    words: str
    do: str = ""


def verdict(health: dict[str, Any], now: datetime) -> Verdict:
    """Return how sending goes. Late messages weigh more than silence, and silence only when something was due."""
    paused = health.get("paused") or {}
    if paused.get("now"):
        words, do = PAUSED.get(str(paused.get("reason")), PAUSED["by_staff"])
        return Verdict("red", words, do)
    if health.get("forged_alarm"):
        return Verdict(
            "red",
            f"{health.get('refused_reports')} delivery reports with a wrong signature in the last hour.",
            "All were refused. Tell whoever runs the system: either somebody forges them, or the carrier's token was "
            "changed and its true reports are refused too.",
        )
    if health.get("silence_alarm"):
        return Verdict(
            "red",
            "Messages are due and nothing has been accepted for ten minutes.",
            "Look at the carrier's and the mail server's own status pages, and ask whoever runs the system whether the "
            "message service's worker runs. Nothing is lost: what waits goes out once they answer.",
        )
    late = float(health.get("oldest_due_seconds") or 0)
    if late > 15 * 60:
        return Verdict(
            "red",
            f"Messages are {round(late / 60)} minutes late.",
            "Ask whoever runs the system whether the message service's worker and relay run. Nothing is lost: what is "
            "late is sent, or marked too late once its visit has begun.",
        )
    if late > LATE_SECONDS:
        words = f"The oldest due message has waited {round(late / 60)} minutes."
        return Verdict("amber", words, "It should shrink by itself.")
    if int(health.get("unknown") or 0):
        return Verdict(
            "amber",
            f"For {health['unknown']} it is not known whether they were sent.",
            "They are looked up at the carrier and never sent twice; after 15 minutes staff decide.",
        )
    last_day = health.get("last_day") or {}
    sent, failed = int(last_day.get("sent") or 0), int(last_day.get("failed") or 0)
    if failed and failed * 5 > sent:
        return Verdict(
            "amber", "More than one in six messages failed in the last day.", "Look at the failed numbers."
        )
    last = health.get("last_accepted_at")
    moment = datetime.fromisoformat(last) if isinstance(last, str) else None
    if moment is not None and now - moment > SILENT and health.get("due_within_a_day"):
        return Verdict("amber", "Nothing went out for a day.", "Check that this is a holiday.")
    return Verdict("green", "Everything due has gone out.")
