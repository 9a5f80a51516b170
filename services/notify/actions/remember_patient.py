"""Keep who a patient is reached as: language, zone, numbers and addresses, and what they agreed to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.contracts.patient import PatientSnapshot
from kernel.personal import seal_json
from kernel.rows import cursor
from services.notify.actions.link_contact import link_contact
from services.notify.rules.cadence import PATIENT_TOPICS
from services.notify.rules.zones import known_zone, zone_for

# The row is locked whether it is changed or not, so that two events about one patient take turns.
REMEMBER = """
INSERT INTO patient AS known (id, names_sealed, language, time_zone, heard_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET names_sealed = excluded.names_sealed, language = excluded.language,
    time_zone = excluded.time_zone, heard_at = excluded.heard_at
WHERE known.heard_at <= excluded.heard_at
"""
AGREE = """
INSERT INTO consent AS known (patient_id, channel, topic, given, at, source)
SELECT $1, said.channel, topic, said.given, $2, $3
FROM unnest($4::text[], $5::boolean[]) AS said (channel, given), unnest($6::text[]) AS topic
ORDER BY said.channel, topic
ON CONFLICT (patient_id, channel, topic) DO UPDATE SET given = excluded.given, at = excluded.at,
    source = excluded.source
WHERE known.at <= excluded.at
"""


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
    names = {"given": snapshot.given_name, "family": snapshot.family_name}
    sealed = seal_json(names, f"notify.patient.names_sealed.{patient_id}")
    zone = known_zone(zone_for(snapshot.time_zone, snapshot.postcode))
    cursor(session).execute(REMEMBER, [patient_id, sealed, language or snapshot.language, zone, said_at])
    for channel, address in (("sms", snapshot.phone), ("email", snapshot.email)):
        if address:
            link_contact(session, patient_id, channel, address, said_at=said_at)
    if consents:
        given = list(consents.values())
        values = [patient_id, said_at, source, list(consents), given, list(PATIENT_TOPICS)]
        cursor(session).execute(AGREE, values)
