"""Who looked at a patient's pages, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.dashboard.model import PatientView, Staff


@dataclass(frozen=True)
class View:
    """One opening of one page."""

    id: UUID
    at: datetime
    staff_id: UUID
    staff_name: str
    role: str
    page: str
    referral_id: UUID | None


def views_of_patient(
    session: Session, patient_id: UUID, *, limit: int = 50, before: UUID | None = None
) -> list[View]:
    """Return up to `limit` views, newest first; `before` continues after that row."""
    rows = select(PatientView, Staff).join(Staff, Staff.id == PatientView.staff_id)
    rows = rows.where(PatientView.patient_id == patient_id)
    if before is not None:
        last = session.get(PatientView, before)
        if last is None:
            return []
        rows = rows.where(tuple_(PatientView.at, PatientView.id) < (last.at, last.id))
    rows = rows.order_by(PatientView.at.desc(), PatientView.id.desc()).limit(limit)
    return [
        View(view.id, view.at, staff.id, staff.name, staff.role, view.page, view.referral_id)
        for view, staff in session.execute(rows)
    ]
