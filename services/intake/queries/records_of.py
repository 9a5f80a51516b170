"""All records one person stands under: the one in force and whatever was merged into it, over however many steps."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from services.intake.model import Patient


def records_of(column: InstrumentedAttribute[UUID], patient_id: UUID) -> ColumnElement[bool]:
    """The condition that `column` names a record of the person `patient_id` is a record of.

    Merges are followed both ways, so it does not matter which of the person's records is asked by. Parting two records
    takes the released one out again, with everything under it.
    """
    same = (
        select(Patient.id, Patient.merged_into)
        .where(Patient.id == patient_id)
        .cte("same_person", recursive=True)
    )
    other = aliased(Patient)
    joined = or_(other.merged_into == same.c.id, other.id == same.c.merged_into)
    same = same.union(select(other.id, other.merged_into).join(same, joined))
    return column.in_(select(same.c.id))
