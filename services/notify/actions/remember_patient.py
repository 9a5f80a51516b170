"""Keep who a patient is reached as: language, zone, numbers and addresses, and what they agreed to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.contracts.patient import PatientSnapshot
from services.notify.actions.link_contact import link_contact
from services.notify.model import Consent, Patient
from services.notify.rules.cadence import PATIENT_TOPICS
from services.notify.rules.zones import known_zone, zone_for


def remember_patient(
    session: Session,
    patient_id: UUID,
    snapshot: PatientSnapshot,
    *,
    language: str,
    consents: dict[str, bool],
    source: str,
    said_at: datetime,
) -> None:
    """Store the newest snapshot. `consents` per channel; a channel that is absent keeps what was said before.

    Events come in any order: what was said before `said_at` gives way, what was said after it stays.
    """
    session.execute(insert(Patient).values(id=patient_id, heard_at=said_at).on_conflict_do_nothing())
    patient = session.scalars(select(Patient).where(Patient.id == patient_id).with_for_update()).one()
    if patient.heard_at <= said_at:
        _update(patient, snapshot, language, said_at)
    session.flush()
    for channel, address in (("sms", snapshot.phone), ("email", snapshot.email)):
        if address:
            link_contact(session, patient_id, channel, address, said_at=said_at)
    for channel, given in consents.items():
        for topic in PATIENT_TOPICS:
            agreed = {"given": given, "at": said_at, "source": source}
            session.execute(
                insert(Consent)
                .values(patient_id=patient_id, channel=channel, topic=topic, **agreed)
                .on_conflict_do_update(
                    index_elements=["patient_id", "channel", "topic"],
                    set_=agreed,
                    where=Consent.at <= said_at,
                )
            )


def _update(patient: Patient, snapshot: PatientSnapshot, language: str, said_at: datetime) -> None:
    patient.names = {"given": snapshot.given_name, "family": snapshot.family_name}
    patient.language = language or snapshot.language
    patient.time_zone = known_zone(zone_for(snapshot.time_zone, snapshot.postcode))
    patient.heard_at = said_at
