"""The kinds of work this service's workers and relay do."""

from functools import partial

from kernel.assembly import Parts
from kernel.work import WorkKind, free_leases
from services.referral.actions.replay_draft import replay_draft


def work_kinds(parts: Parts) -> tuple[WorkKind, ...]:
    """Return every kind of work of this service."""
    return (parts.deliveries, replay_work(parts))


def replay_work(parts: Parts) -> WorkKind:
    """Replays of protocol drafts. A batch commits with its progress, so doing the rest again is safe."""
    return WorkKind(
        name="replay",
        table="replay",
        task="referral.run_replay",
        run=partial(replay_draft, parts.database, parts.worker_id),
        free=lambda session, worker_id: free_leases(session, "replay", worker_id),
    )
