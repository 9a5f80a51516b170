"""Stop asking a golden case of new versions."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.referral.model.protocol_life import GoldenCaseRow


def retire_golden_case(session: Session, actor: Actor, row: GoldenCaseRow) -> None:
    """Stop asking a case of new versions; it stays readable."""
    row.retired_at = now(session)
    row.retired_by = actor.id
    record(session, actor, "retire_golden_case", "golden_case", row.id)
