"""Run a draft over stored answers and count what would change. It reads cases and writes only its own rows."""

import copy
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.evidence import Protocol, ProtocolError, compile_protocol
from kernel.evidence.choose_route import route_and_priority
from kernel.evidence.operators import Slots
from kernel.evidence.overlay import merge_overlay
from kernel.evidence.truth import TRUE
from kernel.failpoints import failpoint
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.work import claim
from services.referral.model.protocol_life import Replay, ReplayChange, SiteOverlay
from services.referral.queries.free_capacity import free_capacity
from services.referral.queries.past_answers import PastCase, past_cases, typed_answers
from services.referral.queries.protocols import protocol_of_version
from services.referral.rules.replay_demand import PROMISED_DAYS, capacity_rows

BATCH = 500
LONGEST_RUN_SECONDS = 15.0
MOST_CHANGES = 2_000


def replay_draft(database: Database, worker_id: str, replay_id: UUID) -> None:
    """Claim the replay and go through its answers in batches; put it back when its time is over."""
    with database.transaction() as session:
        claims = claim(session, Replay.__tablename__, replay_id, worker_id)
    for claimed in claims:
        until = time.monotonic() + LONGEST_RUN_SECONDS
        protocols: _Protocols | None = None
        while True:
            with database.transaction() as session:
                replay = _still_ours(session, claimed.id, claimed.attempt_id)
                if replay is None:
                    return
                protocols = protocols or _Protocols(session, replay.document)
                finished = _replay_batch(session, replay, protocols)
                if finished:
                    _weigh_capacity(session, replay)
                failpoint("before_replay_commit")
                if finished or time.monotonic() > until:
                    _let_go(session, replay, finished=finished)
                    return


class _Protocols:
    """The draft as each site would have it: with the site's own changes on it, where they still fit."""

    def __init__(self, session: Session, document: Mapping[str, Any]) -> None:
        self.shared = compile_protocol(document)
        self.of_site: dict[str, Protocol] = {}
        self.misfits: list[str] = []
        standing = select(SiteOverlay.site, SiteOverlay.changes).where(SiteOverlay.state == "in_force")
        made_for = {"id": document.get("id"), "version": document.get("version")}
        for site, changes in session.execute(standing.order_by(SiteOverlay.site)):
            overlay = {"site": site, "made_for": made_for, "changes": changes}
            try:
                self.of_site[site] = compile_protocol(merge_overlay(document, overlay))
            except ProtocolError:
                self.misfits.append(site)
        self._then: dict[str, Protocol] = {}

    def fired_then(self, session: Session, case: PastCase) -> set[str]:
        """The flags and rules that fired under the version the case was decided by."""
        then = self._then.get(case.protocol_version)
        if then is None:
            found = protocol_of_version(session, case.protocol_version)
            assert found is not None
            then = self._then[case.protocol_version] = found.protocol
        return _fired(then, then.fill(typed_answers(then, case)))


def _still_ours(session: Session, replay_id: UUID, attempt_id: UUID) -> Replay | None:
    fenced = select(Replay).where(
        Replay.id == replay_id, Replay.attempt_id == attempt_id, Replay.state == "leased"
    )
    return session.scalars(fenced.with_for_update()).first()


def _let_go(session: Session, replay: Replay, *, finished: bool) -> None:
    replay.state = "done" if finished else "due"
    replay.rung_at = None
    replay.lease_until = None
    replay.leased_by = ""
    if finished:
        replay.finished_at = now(session)
    wake(session)


def _replay_batch(session: Session, replay: Replay, protocols: _Protocols) -> bool:
    """Run one batch, add it to the tally, and return whether it was the last."""
    cases = past_cases(session, replay.requested_at, replay.days, replay.last_decision_id, BATCH)
    before, after = Counter(replay.tally["before"]), Counter(replay.tally["after"])
    demand: dict[str, dict[str, dict[str, list[int]]]] = copy.deepcopy(replay.tally.get("demand", {}))
    changed, lost = replay.tally["changed"], replay.tally["lost_emergencies"]
    kept: list[dict[str, Any]] = []
    for case in cases:
        protocol = protocols.of_site.get(case.site, protocols.shared)
        slots = protocol.fill(typed_answers(protocol, case))
        was, becomes = (case.route, case.priority), route_and_priority(protocol, slots)
        before[" ".join(was)] += 1
        after[" ".join(becomes)] += 1
        for place, (route, priority) in enumerate((was, becomes)):
            demand.setdefault(case.site, {}).setdefault(route, {}).setdefault(priority, [0, 0])[place] += 1
        if was != becomes:
            changed += 1
            no_more = case.route == "emergency" and becomes[0] != "emergency"
            lost += no_more
            if changed <= MOST_CHANGES or no_more:
                fires, fired = _fired(protocol, slots), protocols.fired_then(session, case)
                kept.append(_change(replay, case, becomes, sorted(fires - fired), sorted(fired - fires)))
    if kept:
        session.execute(insert(ReplayChange).on_conflict_do_nothing(), kept)
    replay.tally = {
        **replay.tally,
        "before": dict(before),
        "after": dict(after),
        "demand": demand,
        "sites": {
            site: {
                route: [sum(cases[place] for cases in classes.values()) for place in (0, 1)]
                for route, classes in routes.items()
            }
            for site, routes in demand.items()
        },
        "changed": changed,
        "lost_emergencies": lost,
        "overlays_left_out": protocols.misfits,
    }
    replay.done += len(cases)
    if cases:
        replay.last_decision_id = cases[-1].decision_id
    return len(cases) < BATCH


def _weigh_capacity(session: Session, replay: Replay) -> None:
    """Put beside the demand what each site could still give in time, now that the last answers are counted."""
    moment = now(session)
    routes = {route for routes in replay.tally["demand"].values() for route in routes}
    free = {}
    for route in sorted(routes):
        found = free_capacity(session, route, tuple(PROMISED_DAYS), moment)
        if found is not None:
            free[route] = (found.visit_type, found.by_site)
    replay.tally = {**replay.tally, "capacity": capacity_rows(replay.tally["demand"], free, replay.days)}


def _fired(protocol: Protocol, slots: Slots) -> set[str]:
    fired = {flag.id for flag in protocol.flags if slots[flag.slot] == TRUE}
    return fired | {rule.id for rule in protocol.rules if slots[rule.slot] == TRUE}


def _change(
    replay: Replay, case: PastCase, becomes: tuple[str, str], gains: list[str], loses: list[str]
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "replay_id": replay.id,
        "referral_id": case.referral_id,
        "decision_id": case.decision_id,
        "from_route": case.route,
        "to_route": becomes[0],
        "from_priority": case.priority,
        "to_priority": becomes[1],
        "lost_emergency": case.route == "emergency" and becomes[0] != "emergency",
        "site": case.site,
        "gains": gains,
        "loses": loses,
    }
