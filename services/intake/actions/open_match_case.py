"""A new record resembles known ones: put it before a person, who merges or keeps apart."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.rows import add_row
from services.intake.model import MatchCase
from services.intake.rules.identity import Likeness


def open_match_case(
    session: Session,
    actor: Actor,
    patient_id: UUID,
    submission_id: UUID | None,
    candidates: Sequence[Likeness],
) -> None:
    """Open a case with the candidates and how alike each is; nothing is done when there are none."""
    if not candidates:
        return
    case = MatchCase(
        id=new_id(),
        patient_id=patient_id,
        submission_id=submission_id,
        state="open",
        version=1,
        opened_at=now(session),
    )
    case.candidates = [
        {
            "patient_id": str(one.patient_id),
            "equal": list(one.equal),
            "phone_equal": one.phone_equal,
            "identifier_equal": one.identifier_equal,
            "identifier_differs": one.identifier_differs,
            "score": one.score,
        }
        for one in candidates
    ]
    add_row(session, case)
    record(session, actor, "open_match_case", "match_case", case.id, details={"candidates": len(candidates)})
