"""Keep who a patient is reached as: language, zone, numbers and addresses, and what they agreed to."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from kernel.personal import email_index, phone_index
from services.notify.model import Consent, ContactPoint, Patient, PatientContact
from services.notify.rules.cadence import TOPICS
from services.notify.rules.zones import known_zone, zone_for


def remember_patient(
    session: Session,
    patient_id: UUID,
    snapshot: PatientSnapshot,
    language: str,
    consents: dict[str, bool],
    source: str,
) -> None:
    """Store the newest snapshot. `consents` per channel; a channel that is absent keeps what was said before."""
    at = now(session)
    session.execute(insert(Patient).values(id=patient_id, heard_at=at).on_conflict_do_nothing())
    patient = session.scalars(select(Patient).where(Patient.id == patient_id).with_for_update()).one()
    patient.names = {"given": snapshot.given_name, "family": snapshot.family_name}
    patient.language = language or snapshot.language
    patient.time_zone = known_zone(zone_for(snapshot.time_zone, snapshot.postcode))
    patient.heard_at = at
    session.flush()
    for channel, address in (("sms", snapshot.phone), ("email", snapshot.email)):
        if address:
            link_contact(session, patient_id, channel, address)
    for channel, given in consents.items():
        for topic in TOPICS:
            agreed = {"given": given, "at": at, "source": source}
            session.execute(
                insert(Consent)
                .values(patient_id=patient_id, channel=channel, topic=topic, **agreed)
                .on_conflict_do_update(index_elements=["patient_id", "channel", "topic"], set_=agreed)
            )


def link_contact(session: Session, patient_id: UUID, channel: str, address: str) -> UUID:
    """Make `address` the one `patient_id` is reached at on `channel`, and return its contact point's id."""
    point_id = find_or_add_contact(session, channel, address)
    link = {"contact_point_id": point_id, "linked_at": now(session)}
    session.execute(
        insert(PatientContact)
        .values(patient_id=patient_id, channel=channel, **link)
        .on_conflict_do_update(index_elements=["patient_id", "channel"], set_=link)
    )
    return point_id


def find_or_add_contact(session: Session, channel: str, address: str) -> UUID:
    """Return the contact point of `address`, which several patients may share, adding it when it is new."""
    index = phone_index(address) if channel == "sms" else email_index(address)
    same = select(ContactPoint.id).where(ContactPoint.channel == channel, ContactPoint.address_index == index)
    known = session.scalar(same)
    if known is not None:
        return known
    fresh = ContactPoint(id=new_id(), channel=channel, address_index=index, created_at=now(session))
    fresh.address = address
    added = session.execute(
        insert(ContactPoint)
        .values(
            id=fresh.id,
            channel=channel,
            address_index=index,
            address_sealed=fresh.address_sealed,
            created_at=fresh.created_at,
        )
        .on_conflict_do_nothing()
        .returning(ContactPoint.id)
    ).scalar()
    return added if added is not None else session.scalars(same).one()
