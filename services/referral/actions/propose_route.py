"""Put a decision's proposal on the referral: route, priority, due time, holds, and what is still unknown."""

from collections.abc import Iterable

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.actions.decide_route import Decided
from services.referral.actions.open_holds import open_holds
from services.referral.model.referral import Referral
from services.referral.queries.protocols import PublishedProtocol
from services.referral.queries.site_calendar import site_calendar
from services.referral.rules.business_clock import due_at
from services.referral.rules.office_hours import reckon_in
from services.referral.rules.open_warnings import open_warnings
from services.referral.rules.priority_targets import target_of


def propose_route(
    session: Session,
    referral: Referral,
    published: PublishedProtocol,
    decided: Decided,
    *,
    seen_flags: Iterable[str] = (),
    not_asked: Iterable[str] = (),
    writes_it: bool = True,
) -> None:
    """Set what the protocol proposes. `seen_flags`: flags that fired on an earlier page, which hold too.

    With `writes_it` False a new referral is left for its caller to write, with the last of what is set on it
    (`kernel.rows.add_row`), before anything else is asked.

    `not_asked`: variables the patient's other answers made needless. What a clinician settled stays so while it is
    open for the same reason: new answers of the patient end that (`receive_submission`).
    """
    decision = decided.decision
    referral.proposed_route = referral.route = decision.route
    referral.proposed_priority = decision.priority
    referral.secondary_routes = list(decision.secondary)
    referral.markers = sorted({str(modifier["add"]) for modifier in decision.modifiers})
    referral.unknown_count = len(decision.unknown)
    referral.near_miss_count = len(decided.near_misses)
    set_priority(session, referral, published, decision.priority)
    by_staff = {name for name, one in published.protocol.variables.items() if one.filled_by == "staff"}
    still_open = open_warnings(
        decision.unknown,
        {flag.id: flag.action or "" for flag in published.protocol.flags},
        not_asked=by_staff.union(not_asked),
    )
    settled = set(referral.settled_warnings or ())
    referral.open_warnings = [flag for flag in still_open if flag not in settled]
    referral.settled_warnings = [flag for flag in still_open if flag in settled]
    actions = {flag["id"]: str(flag["action"]) for flag in decision.red_flags}
    known = {flag.id: flag.action or "" for flag in published.protocol.flags}
    for flag in seen_flags:
        actions.setdefault(flag, known.get(flag, "S"))
    is_new = not inspect(referral).persistent
    if writes_it:
        # A hold points at its referral, so a new referral is written first.
        session.add(referral)
        session.flush()
    open_holds(session, referral, actions.items(), none_stands=is_new)


def set_priority(session: Session, referral: Referral, published: PublishedProtocol, priority: str) -> None:
    """Set the priority and count its due time from the submission, in the opening hours of the referral's site."""
    referral.priority = priority
    target = target_of(published.protocol.document["priorities"], priority)
    calendar = site_calendar(session, referral.site)
    referral.due_at = reckon_in(calendar, lambda hours: due_at(referral.submitted_at, target, hours))
    referral.breached = referral.clock == "run" and referral.due_at < now(session)
