"""Whoever else is kept under a person's number is put before a person."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.open_match_case import open_match_case
from services.intake.model import Patient
from services.intake.queries.identifiers import Identifier, kept_under
from services.intake.queries.matches import asked_between
from services.intake.queries.similar_patients import likenesses_to


def look_for_others(
    session: Session, actor: Actor, patient: Patient, identifiers: Iterable[Identifier], *, again: bool
) -> None:
    """Open a match case with the others who have one of `identifiers`, and are not asked about now.

    `again`: also where somebody has decided before, for there is a number now that there was not.
    """
    others = [one for one in kept_under(session, [one.indexes for one in identifiers]) if one != patient.id]
    fresh = [one for one in others if not asked_between(session, patient.id, one, open_only=again)]
    if fresh:
        open_match_case(session, actor, patient.id, None, likenesses_to(session, patient, fresh))
