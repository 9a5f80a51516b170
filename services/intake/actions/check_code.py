"""The one-time code a patient typed: right, in time, in the browser it was asked for, and not too often."""

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.keyring import keyring
from services.intake.model import PatientLink, ReadingCode
from services.intake.queries.reading_rights import device_index
from services.intake.rules.one_time_code import MOST_TRIES


def check_code(session: Session, link: PatientLink, device: str, code: str) -> bool:
    """True once for the right `code`; every try is counted under the row's lock, and after five none is taken."""
    found = (
        select(ReadingCode)
        .where(ReadingCode.link_id == link.id, ReadingCode.device_index == device_index(device))
        .order_by(ReadingCode.sent_at.desc(), ReadingCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    row = session.scalars(found).first()
    moment = now(session)
    if row is None or row.passed_at is not None or row.expires_at <= moment or row.tries >= MOST_TRIES:
        return False
    row.tries += 1
    given = keyring().blind_index("one_time_code", f"{row.id}:{code}")
    actor = Actor("patient", str(row.patient_id))
    if hmac.compare_digest(given, row.code_index):
        row.passed_at = moment
        record(session, actor, "open_reading", "patient_link", link.id)
        return True
    if row.tries >= MOST_TRIES:
        record(
            session, Actor("system", "intake"), "spend_code", "patient_link", link.id, reason="wrong_codes"
        )
    return False
