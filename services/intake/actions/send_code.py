"""Send a one-time code to the phone on file: reading answers back needs more than a link and a birth date."""

from datetime import timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.code_requested import CodeRequested
from kernel.ids import new_id
from kernel.keyring import keyring
from kernel.outbox import emit
from services.intake.model import Patient, PatientLink, ReadingCode
from services.intake.queries.patient_snapshot import patient_snapshot
from services.intake.queries.reading_rights import device_index
from services.intake.rules.one_time_code import MOST_SENDS_PER_HOUR, WORKS_FOR, new_code

Sent = Literal["sent", "no_phone", "opted_out", "too_many"]


def send_code(session: Session, link: PatientLink, patient: Patient, device: str, language: str) -> Sent:
    """Send a fresh code for this link and browser; an earlier one stops working. Only a keyed hash is kept.

    Three an hour for one patient, whichever links they are asked by: requests take turns at the patient's row.
    """
    session.execute(select(Patient.id).where(Patient.id == patient.id).with_for_update())
    if not patient.phone:
        return "no_phone"
    if "sms" in patient.opted_out:
        return "opted_out"
    moment = now(session)
    asked = select(func.count()).where(
        ReadingCode.patient_id == patient.id, ReadingCode.sent_at > moment - timedelta(hours=1)
    )
    if session.execute(asked).scalar_one() >= MOST_SENDS_PER_HOUR:
        return "too_many"
    session.execute(
        update(ReadingCode)
        .where(ReadingCode.link_id == link.id, ReadingCode.expires_at > moment)
        .where(ReadingCode.device_index == device_index(device))
        .values(expires_at=moment)
    )
    code_id, code = new_id(), new_code()
    session.add(
        ReadingCode(
            id=code_id,
            patient_id=patient.id,
            link_id=link.id,
            device_index=device_index(device),
            code_index=keyring().blind_index("one_time_code", f"{code_id}:{code}"),
            sent_at=moment,
            expires_at=moment + WORKS_FOR,
            tries=0,
        )
    )
    emit(
        session,
        "code_requested",
        code_id,
        CodeRequested(
            code_id=code_id,
            patient_id=patient.id,
            patient=patient_snapshot(patient, language),
            code=code,
            requested_at=moment,
            expires_at=moment + WORKS_FOR,
        ),
    )
    record(session, Actor("patient", str(patient.id)), "send_code", "patient_link", link.id)
    return "sent"
