"""Match cases that wait for a person."""

from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.intake.model import MatchCase, Patient
from services.intake.queries.cursors import make_cursor, read_cursor


def open_matches(session: Session, limit: int, cursor: str | None) -> tuple[list[MatchCase], str | None]:
    """One page of open cases, oldest first. Raises `BadCursor`."""
    rows = select(MatchCase).where(MatchCase.state == "open").order_by(MatchCase.opened_at, MatchCase.id)
    if cursor:
        rows = rows.where(tuple_(MatchCase.opened_at, MatchCase.id) > read_cursor(cursor))
    found = list(session.scalars(rows.limit(limit + 1)))
    more = len(found) > limit
    found = found[:limit]
    return found, make_cursor(found[-1].opened_at, found[-1].id) if more else None


def lock_match(session: Session, case_id: UUID) -> MatchCase | None:
    """One case, locked for this transaction."""
    return session.scalars(select(MatchCase).where(MatchCase.id == case_id).with_for_update()).first()


def lock_patient(session: Session, patient_id: UUID) -> Patient | None:
    """One patient record as it is (merges not followed), locked for this transaction."""
    return session.scalars(select(Patient).where(Patient.id == patient_id).with_for_update()).first()


def asked_between(session: Session, one: UUID, other: object, *, open_only: bool = False) -> bool:
    """True when a person is asked already whether the two records are the same, or has decided that."""
    rows = select(MatchCase).where(MatchCase.patient_id.in_((one, other)))
    if open_only:
        rows = rows.where(MatchCase.state == "open")
    named = {str(one), str(other)}
    return any(
        case.candidates is not None
        and any(
            {str(case.patient_id), candidate["patient_id"]} == named for candidate in case.candidates.reveal()
        )
        for case in session.scalars(rows)
    )
