"""The periodic jobs of the notify service."""

from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job
from services.notify.actions.age_messages import (
    end_held,
    end_past_doubts,
    note_missing_receipts,
    open_doubts,
)
from services.notify.actions.tell_states import tell_states

JOBS = (
    *KERNEL_JOBS,
    Job("tell_states", 1, tell_states, "the referral's timeline follows within seconds"),
    Job("open_doubts", 15, open_doubts, "a send in doubt for 15 minutes needs a person"),
    Job("end_past_doubts", 30, end_past_doubts, "after the visit began a doubt is moot"),
    Job("end_held", 60, end_held, "a held message must not be sent when its time is over"),
    Job(
        "note_missing_receipts",
        600,
        note_missing_receipts,
        "a text without a receipt is not called delivered",
    ),
)
