"""The worklists: one lane a state, what comes next in it, and how long a referral may stay."""

from dataclasses import dataclass
from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Lane:
    """A state as a worklist. `limit`: an age above it is shown as late (the owner's due clock decides breaches)."""

    state: str
    words: str
    next_step: str
    limit: timedelta


LANES = (
    Lane("received", "Received", "Being read by the protocol", HOUR),
    Lane("needs_triage", "Needs triage", "A clinician confirms the route", DAY),
    Lane("waiting_on_patient", "Waiting on patient", "The patient answers; call if they do not", 3 * DAY),
    Lane("deferred", "Deferred", "Comes back by itself on its day", 30 * DAY),
    Lane("accepted", "Accepted", "Gets ready to book", HOUR),
    Lane("to_book", "To book", "Call the patient and book", 2 * DAY),
    Lane("booked", "Booked", "The visit; reminders go out", 60 * DAY),
    Lane("arrived", "Arrived", "The visit is under way", 3 * HOUR),
    Lane("attended", "Attended", "Record the outcome and close", 2 * DAY),
)
LANE = {lane.state: lane for lane in LANES}
