"""Files patients sent."""

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
