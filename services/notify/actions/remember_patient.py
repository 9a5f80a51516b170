"""Keep who a patient is reached as: language, zone, numbers and addresses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.contracts.patient import PatientSnapshot
from kernel.personal import seal_json
from kernel.rows import cursor
from services.notify.actions.link_contact import link_contact
from services.notify.rules.zones import known_zone, zone_for

# The row is locked whether it is changed or not, so that two events about one patient take turns.
REMEMBER = """
INSERT INTO patient AS known (id, names_sealed, language, time_zone, heard_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET names_sealed = excluded.names_sealed, heard_at = excluded.heard_at,
    language = CASE WHEN $6 THEN excluded.language ELSE known.language END,
    time_zone = CASE WHEN $7 OR known.time_zone = '' THEN excluded.time_zone ELSE known.time_zone END
WHERE known.heard_at <= excluded.heard_at
"""


def remember_patient(
    session: Session,
    patient_id: UUID,
    snapshot: PatientSnapshot,
    *,
    language: str,
    said_at: datetime,
    whole: bool = True,
) -> None:
    """Store the newest snapshot. Without a `language`, what is known of them stays.

    Not `whole`: a letter, which says of them what it names; a zone we know stays, whatever its postcode says.
    Events come in any order: what was said before `said_at` gives way, what was said after it stays.
    """
    names = {"given": snapshot.given_name, "family": snapshot.family_name}
    sealed = seal_json(names, f"notify.patient.names_sealed.{patient_id}")
    zone = known_zone(zone_for(snapshot.time_zone, snapshot.postcode))
    new = language or snapshot.language or "en"
    values = [patient_id, sealed, new, zone, said_at, bool(language), whole or bool(snapshot.time_zone)]
    cursor(session).execute(REMEMBER, values)
    for channel, address in (("sms", snapshot.phone), ("email", snapshot.email)):
        if address:
            link_contact(session, patient_id, channel, address, said_at=said_at)
