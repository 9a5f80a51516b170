"""Periodic jobs of intake, run by its relay."""

from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job
from services.intake.actions.escalate_callbacks import escalate_callbacks
from services.intake.actions.forget_tries import forget_tries
from services.intake.actions.publish_shipped_questionnaire import publish_shipped_questionnaire

JOBS: tuple[Job, ...] = (
    *KERNEL_JOBS,
    Job(
        "publish_shipped_questionnaire",
        60,
        publish_shipped_questionnaire,
        "a new clinic has a questionnaire from the start",
    ),
    Job(
        "escalate_callbacks", 5, escalate_callbacks, "an alert nobody took on goes to the next person on call"
    ),
    Job("forget_tries", 3600, forget_tries, "a limit looks back an hour or a day; older counts tell nothing"),
)
