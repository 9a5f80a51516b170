"""The periodic jobs of the notify service."""

from collections.abc import Mapping, Sequence

from kernel.database import Database
from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job
from kernel.service_client import ServiceClient
from services.notify.actions.balance_providers import balance_providers
from services.notify.actions.check_restored_trail import check_restored_trail
from services.notify.actions.compare_with_others import compare_with_others
from services.notify.actions.end_held_messages import end_held_messages
from services.notify.actions.end_past_doubts import end_past_doubts
from services.notify.actions.may_send import note_alive
from services.notify.actions.note_missing_receipts import note_missing_receipts
from services.notify.actions.open_doubts import open_doubts
from services.notify.actions.pass_on_alerts import pass_on_alerts
from services.notify.actions.tell_states import tell_states

JOBS: tuple[Job, ...] = (
    *KERNEL_JOBS,
    Job("tell_states", 1, tell_states, "the referral's timeline follows within seconds"),
    Job("pass_on_alerts", 5, pass_on_alerts, "an alert nobody answered goes to the next person on call"),
    Job("open_doubts", 15, open_doubts, "a send in doubt for 15 minutes needs a person"),
    Job("end_past_doubts", 30, end_past_doubts, "after the visit began a doubt is moot"),
    Job("note_alive", 60, note_alive, "a restored copy knows from when on it may have missed something"),
    Job(
        "check_restored_trail",
        15,
        check_restored_trail,
        "who ends a copy's pause knows whether its trail holds",
    ),
    Job("end_held_messages", 60, end_held_messages, "a held message must not be sent when its time is over"),
    Job(
        "note_missing_receipts",
        600,
        note_missing_receipts,
        "a text without a receipt is not called delivered",
    ),
)


def comparing_jobs(database: Database, client: ServiceClient, peers: Sequence[str]) -> tuple[Job, ...]:
    """The jobs that ask `peers` whether each still has what the other heard from it."""
    return (
        Job(
            "compare_after_start",
            2,
            lambda session: compare_with_others(session, database, client, peers, after_start=True),
            "a folder that was copied and started as it is is known by what the others heard",
        ),
        Job(
            "compare_with_others",
            60,
            lambda session: compare_with_others(session, database, client, peers),
            "a service restored by itself does not know what it told us",
        ),
    )


def jobs_with_balance(resting: Mapping[str, int]) -> tuple[Job, ...]:
    """The jobs, and the balancing of providers whose weights at rest are `resting`."""
    balancing = Job(
        "balance_providers",
        60,
        lambda session: balance_providers(session, resting),
        "trust leaves a failing provider within minutes and comes back",
    )
    return (*JOBS, balancing)
