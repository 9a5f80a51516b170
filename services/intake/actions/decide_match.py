"""Staff decide a match case: the same person, or not."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.actions.merge_patients import merge_patients
from services.intake.model import MatchCase, Patient


class AlreadyDecided(Exception):
    """The case is closed."""


def decide_match(session: Session, actor: Actor, case: MatchCase, same_as: UUID | None) -> None:
    """Merge the case's patient into `same_as`, or keep them apart when it is None.

    Raises `AlreadyDecided`, `CannotMerge`, or ValueError for a patient who is not a candidate.
    """
    if case.state != "open":
        raise AlreadyDecided(case.state)
    candidates = case.candidates.reveal() if case.candidates else []
    if same_as is not None:
        if str(same_as) not in {one["patient_id"] for one in candidates}:
            raise ValueError("not a candidate")
        merge_patients(session, actor, session.get_one(Patient, case.patient_id), same_as)
    case.state = "merged" if same_as is not None else "kept_apart"
    case.decided_by, case.decided_at = actor.id, now(session)
    case.version += 1
    record(session, actor, "decide_match", "match_case", case.id, reason=case.state)
