"""May this browser read answers back by this link?"""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.keyring import keyring
from services.intake.model import PatientLink, ReadingCode
from services.intake.rules.one_time_code import READING_TIME


def device_index(device: str) -> bytes:
    """The blind index of a browser's random id."""
    return keyring().blind_index("device", device)


def may_read(session: Session, link: PatientLink, device: str) -> bool:
    """True when staff checked who is there (kiosk), or this browser gave the one-time code a short while ago."""
    if link.may_read:
        return True
    passed = select(
        exists().where(
            ReadingCode.link_id == link.id,
            ReadingCode.device_index == device_index(device),
            ReadingCode.passed_at > now(session) - READING_TIME,
        )
    )
    return bool(session.execute(passed).scalar())
