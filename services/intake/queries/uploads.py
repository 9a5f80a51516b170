"""Files patients sent."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.intake.model import Upload


def uploads_of(session: Session, submission_id: UUID) -> list[Upload]:
    """Files of one submission, oldest first."""
    found = select(Upload).where(Upload.submission_id == submission_id)
    return list(session.scalars(found.order_by(Upload.id)))


def count_uploads(session: Session, submission_id: UUID) -> int:
    """How many files a submission has."""
    found = select(func.count()).select_from(Upload).where(Upload.submission_id == submission_id)
    return int(session.execute(found).scalar_one())


def uploads_by_submission(session: Session, submission_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many files each of the submissions has; those without are left out."""
    found = (
        select(Upload.submission_id, func.count().label("files"))
        .where(Upload.submission_id.in_(submission_ids))
        .group_by(Upload.submission_id)
    )
    return {row.submission_id: row.files for row in session.execute(found)}
