"""Periodic jobs of the referral service, run by its relay."""

from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job
from services.referral.actions.ask_about_past_visits import ask_about_past_visits
from services.referral.actions.count_free_slots import count_free_slots
from services.referral.actions.end_hold import expire_holds
from services.referral.actions.escalate_due import escalate_due
from services.referral.actions.escalate_stuck import escalate_stuck
from services.referral.actions.fold_tallies import fold_tallies
from services.referral.actions.join_waitlist import expire_waitlist
from services.referral.actions.mark_breaches import mark_breaches
from services.referral.actions.offer_freed_slot import run_offers
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.return_deferred import return_deferred
from services.referral.actions.watch_promises import watch_promises

JOBS: tuple[Job, ...] = (
    *KERNEL_JOBS,
    Job(
        "publish_shipped_protocol", 60, publish_shipped_protocol, "a new clinic has a protocol from the start"
    ),
    Job("mark_breaches", 5, mark_breaches, "a due time that passes puts the referral on top within seconds"),
    Job(
        "return_deferred", 15, return_deferred, "a deferred referral comes back without anyone remembering it"
    ),
    Job("escalate_due", 10, escalate_due, "a clock that ran out is told to a person once"),
    Job("escalate_stuck", 60, escalate_stuck, "nobody is forgotten in a state"),
    Job("fold_tallies", 5, fold_tallies, "counts stay a sum of few rows however many moves are made"),
    Job(
        "expire_holds", 30, expire_holds, "holds that are over stop cluttering the calendar; they bind nobody"
    ),
    Job(
        "ask_about_past_visits",
        60,
        ask_about_past_visits,
        "a visit without an outcome asks a person, never guesses",
    ),
    Job("run_offers", 15, run_offers, "an offer nobody claims goes to the next in line"),
    Job("expire_waitlist", 300, expire_waitlist, "nobody is offered what they no longer wait for"),
    Job(
        "watch_promises",
        300,
        watch_promises,
        "a site that cannot keep the promise says so before a patient is told",
    ),
    Job(
        "count_free_slots",
        900,
        count_free_slots,
        "a shortage of slots is seen days before it is there; each day is counted once",
    ),
)
