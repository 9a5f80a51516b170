"""Stop asking a golden case of new versions."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.referral.model.protocol_life import GoldenCaseRow


def retire_golden_case(
    session: Session, actor: Actor, row: GoldenCaseRow, *, reason_code: str, note: str
) -> None:
    """Stop asking a case of new versions, for a coded reason and in words; it stays readable."""
    row.retired_at = now(session)
    row.retired_by = actor.id
    row.retired_reason = reason_code
    row.retired_note = note
    details = {"code": row.code}
    record(session, actor, "retire_golden_case", "golden_case", row.id, reason=reason_code, details=details)
