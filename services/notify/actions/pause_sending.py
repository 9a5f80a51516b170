"""Nothing more is sent until a person says so."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor

PAUSE = """
UPDATE sending_gate SET paused_at = :now, paused_by = :by, reason = :reason, gap_since = NULL,
    audit_checked_at = NULL, audit_broken_at = NULL
WHERE id = 1 AND paused_at IS NULL RETURNING id
"""


def pause_sending(session: Session, actor: Actor, reason: str) -> bool:
    """Pause for `reason`, a code; False when it was paused already. What is in a carrier's hands stays there."""
    values = {"now": now(session), "by": actor.id, "reason": reason}
    if session.execute(text(PAUSE), values).scalar() is None:
        return False
    record(session, actor, "pause_sending", "sending_gate", "1", reason=reason)
    return True
