"""What must be true after any run (reliability.md §2.2): pure functions, evidence in, findings out."""

from collections.abc import Callable

from chaos.evidence import Evidence
from chaos.invariants import records, sends, system

INVARIANTS: dict[str, Callable[[Evidence], list[str]]] = {
    "INV-1": records.submissions_kept_once,
    "INV-2": sends.accepted_at_most_once,
    "INV-3": sends.none_after_opt_out,
    "INV-4": sends.none_in_quiet_hours,
    "INV-5": sends.none_for_void_versions,
    "INV-6": records.nothing_over_capacity,
    "INV-7": sends.every_message_accounted_for,
    "INV-8": system.outboxes_empty,
    "INV-9": sends.state_never_goes_back,
    "INV-10": system.audit_holds,
    "INV-11": system.no_canary_outside,
    "INV-12": records.each_referral_in_one_queue,
    "INV-13": records.red_flags_on_the_board,
    "INV-14": system.healthy_without_a_hand,
}


def check(evidence: Evidence) -> list[str]:
    """Return every finding, each beginning with the name of its invariant; [] when all hold."""
    return [f"{name} {finding}" for name, holds in INVARIANTS.items() for finding in holds(evidence)]
