"""The birth date that protects a misdelivered link; wrong ones are counted and the fifth locks it."""

import hmac

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.link_locked import LinkLocked
from kernel.outbox import emit
from kernel.personal import birth_date_index
from services.intake.actions.count_try import count_try
from services.intake.model import Patient, PatientLink
from services.intake.queries.patient_snapshot import patient_snapshot
from services.intake.queries.tries import tries_so_far

MOST_WRONG_DATES = 5
#: By all links of one patient together, so that a stack of old links is no stack of tries.
MOST_WRONG_DATES_PER_DAY = 10
KIND = "wrong_birth_date"

COUNT_WRONG = """
UPDATE patient_link SET wrong_dates = wrong_dates + 1,
    locked_at = CASE WHEN wrong_dates + 1 >= :most THEN :now ELSE locked_at END
WHERE id = :id AND locked_at IS NULL RETURNING wrong_dates
"""


def check_birth_date(session: Session, link: PatientLink, iso_date: str | None) -> bool:
    """Check the birth date that protects a misdelivered link. Wrong ones are counted at once; the fifth locks it.

    The count is one statement, so many tries at the same time are counted too. After ten wrong ones in a day, by
    whatever links, a right one is not taken either.
    """
    patient = session.get_one(Patient, link.patient_id)
    given = birth_date_index(iso_date) if iso_date else b""
    spent = tries_so_far(session, KIND, str(patient.id), "day") >= MOST_WRONG_DATES_PER_DAY
    if hmac.compare_digest(given, patient.birth_index) and not spent:
        return True
    tries = count_try(session, KIND, str(patient.id), "day")
    values = {"id": link.id, "most": MOST_WRONG_DATES, "now": now(session)}
    counted = session.execute(text(COUNT_WRONG), values).first()
    if counted is not None and counted.wrong_dates >= MOST_WRONG_DATES:
        _tell(session, "lock_link", link, patient)
    elif tries == MOST_WRONG_DATES_PER_DAY:
        _tell(session, "stop_links_for_today", link, patient)
    return False


def _tell(session: Session, deed: str, link: PatientLink, patient: Patient) -> None:
    """Record the lock, and put it before staff: the patient may be the one who cannot get in."""
    record(session, Actor("system", "intake"), deed, "patient_link", link.id, reason="wrong_birth_dates")
    locked = LinkLocked(
        link_id=link.id,
        patient_id=patient.id,
        patient=patient_snapshot(patient, patient.language),
        at=now(session),
    )
    emit(session, "link_locked", link.id, locked)
