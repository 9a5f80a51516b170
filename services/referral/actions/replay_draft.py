"""Run a draft over stored answers and count what would change. It reads cases and writes only its own rows."""

import time
from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.evidence import Protocol, compile_protocol
from kernel.evidence.choose_route import choose_route
from kernel.evidence.truth import TRUE
from kernel.failpoints import failpoint
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.work import claim
from services.referral.model.decision import Decision
from services.referral.model.protocol_life import Replay, ReplayChange
from services.referral.model.referral import Referral
from services.referral.queries.past_answers import answers_of
from services.referral.queries.protocols import protocol_of_version

BATCH = 250
LONGEST_RUN_SECONDS = 15.0
MOST_CHANGES = 2_000


def replay_draft(database: Database, worker_id: str, replay_id: UUID) -> None:
    """Claim the replay and go through its answers in batches; put it back when its time is over."""
    with database.transaction() as session:
        claims = claim(session, Replay.__tablename__, replay_id, worker_id)
    for claimed in claims:
        until = time.monotonic() + LONGEST_RUN_SECONDS
        protocol: Protocol | None = None
        while True:
            with database.transaction() as session:
                replay = _still_ours(session, claimed.id, claimed.attempt_id)
                if replay is None:
                    return
                protocol = protocol or compile_protocol(replay.document)
                finished = _replay_batch(session, replay, protocol)
                failpoint("before_replay_commit")
                if finished or time.monotonic() > until:
                    _let_go(session, replay, finished=finished)
                    return


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


def _replay_batch(session: Session, replay: Replay, protocol: Protocol) -> bool:
    """Run one batch, add it to the tally, and return whether it was the last."""
    wanted = answers_of(replay.requested_at, replay.days)
    if replay.last_decision_id is not None:
        wanted = wanted.where(Decision.id > replay.last_decision_id)
    chosen = wanted.order_by(Decision.id).limit(BATCH).subquery()
    rows = session.execute(
        select(Decision, Referral.site)
        .join(chosen, chosen.c.id == Decision.id)
        .join(Referral, Referral.id == Decision.referral_id)
        .order_by(Decision.id)
    ).all()
    before, after = Counter(replay.tally["before"]), Counter(replay.tally["after"])
    sites: dict[str, dict[str, list[int]]] = {k: dict(v) for k, v in replay.tally["sites"].items()}
    changed, lost = replay.tally["changed"], replay.tally["lost_emergencies"]
    for decision, site in rows:
        outcome, fired = _outcome(protocol, decision)
        before[f"{decision.route} {decision.priority}"] += 1
        after[f"{outcome.route} {outcome.priority}"] += 1
        for place, route in ((0, decision.route), (1, outcome.route)):
            sites.setdefault(site, {}).setdefault(route, [0, 0])[place] += 1
        if (decision.route, decision.priority) != (outcome.route, outcome.priority):
            changed += 1
            no_more = decision.route == "emergency" and outcome.route != "emergency"
            lost += no_more
            if changed <= MOST_CHANGES or no_more:
                _keep_change(session, replay, decision, site, (outcome, fired))
        session.expunge(decision)
    replay.tally = {
        **replay.tally,
        "before": dict(before),
        "after": dict(after),
        "sites": sites,
        "changed": changed,
        "lost_emergencies": lost,
    }
    replay.done += len(rows)
    if rows:
        replay.last_decision_id = rows[-1][0].id
    return len(rows) < BATCH


def _outcome(protocol: Protocol, decision: Decision) -> tuple[Any, set[str]]:
    assert decision.answers is not None
    typed, _ = protocol.check_answers(decision.answers.reveal())
    slots = protocol.fill(typed)
    fired = {flag.id for flag in protocol.flags if slots[flag.slot] == TRUE}
    fired |= {rule.id for rule in protocol.rules if slots[rule.slot] == TRUE}
    return choose_route(protocol, slots), fired


def _keep_change(
    session: Session, replay: Replay, decision: Decision, site: str, now_is: tuple[Any, set[str]]
) -> None:
    outcome, fired = now_is
    then = protocol_of_version(session, decision.protocol_version)
    assert then is not None
    _, fired_then = _outcome(then.protocol, decision)
    session.execute(
        insert(ReplayChange)
        .values(
            id=new_id(),
            replay_id=replay.id,
            referral_id=decision.referral_id,
            decision_id=decision.id,
            from_route=decision.route,
            to_route=outcome.route,
            from_priority=decision.priority,
            to_priority=outcome.priority,
            lost_emergency=decision.route == "emergency" and outcome.route != "emergency",
            site=site,
            gains=sorted(fired - fired_then),
            loses=sorted(fired_then - fired),
        )
        .on_conflict_do_nothing()
    )
