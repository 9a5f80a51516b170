"""Queue a replay of a draft over past answers."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.evidence import ProtocolError, compile_protocol
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.web.problems import FieldProblem, invalid
from services.referral.model.protocol_life import ProtocolDraft, Replay
from services.referral.queries.past_answers import answers_of


def request_replay(session: Session, actor: Actor, draft: ProtocolDraft, days: int) -> Replay:
    """Queue a replay of `draft` over the answers of the last `days` days. 422 when the document does not compile."""
    try:
        compile_protocol(draft.document)
    except ProtocolError as error:
        raise invalid(
            [FieldProblem(f"document.{p.path}", p.code, p.message) for p in error.problems[:50]]
        ) from None
    replay = Replay(
        id=new_id(),
        draft_id=draft.id,
        draft_version=draft.version,
        document=draft.document,
        days=days,
        requested_by=actor.id,
        requested_at=now(session),
        total=session.scalar(select(func.count()).select_from(answers_of(now(session), days).subquery()))
        or 0,
        done=0,
        tally={
            "before": {},
            "after": {},
            "sites": {},
            "demand": {},
            "changed": 0,
            "lost_emergencies": 0,
        },
        due_at=now(session),
    )
    session.add(replay)
    record(
        session, actor, "request_replay", "replay", replay.id, details={"days": days, "cases": replay.total}
    )
    wake(session)
    return replay
