"""Staff found two records to be one person, or not to be: their referrals, visits and waiting follow."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.contracts.patient_merge import PatientsMerged
from services.referral.queries.patient_records import stands_under

KEEP = """
INSERT INTO patient_record (patient_id, stands_under, version) VALUES (:record, :patient, :version)
ON CONFLICT (patient_id) DO UPDATE SET stands_under = excluded.stands_under, version = excluded.version
WHERE excluded.version > patient_record.version
RETURNING patient_id
"""
# Those merged into it before go with it; their own version is not told, so it stays as it is.
KEEP_UNDER = """
INSERT INTO patient_record (patient_id, stands_under, version)
SELECT one, :patient, 0 FROM unnest(CAST(:records AS uuid[])) AS one WHERE one <> :record
ON CONFLICT (patient_id) DO UPDATE SET stands_under = excluded.stands_under
"""
MOVE = """
UPDATE referral SET patient_id = :patient, first_patient_id = coalesce(first_patient_id, patient_id)
WHERE coalesce(first_patient_id, patient_id) = ANY(CAST(:records AS uuid[])) AND patient_id <> :patient
RETURNING id
"""
# What belongs to a referral is its patient's.
FOLLOW = (
    "UPDATE appointment SET patient_id = :patient WHERE referral_id = ANY(CAST(:referrals AS uuid[]))",
    "UPDATE waitlist_entry SET patient_id = :patient WHERE referral_id = ANY(CAST(:referrals AS uuid[]))",
)


def follow_merge(session: Session, told: PatientsMerged) -> None:
    """Put everything of `told.records` under `told.patient_id`; each referral keeps whom it was made for.

    The same for a merge and its undoing, any number of times; an older event than the one known changes nothing.
    """
    patient = told.patient_id
    if told.record_id != patient:
        # It may have been merged onward in a later deed whose event came first.
        patient = stands_under(session, patient)
    values = {"record": told.record_id, "patient": patient, "version": told.version}
    if session.execute(text(KEEP), values).first() is None:
        return
    records = list(told.records)
    session.execute(text(KEEP_UNDER), {**values, "records": records})
    moved = list(session.scalars(text(MOVE), {"patient": patient, "records": records}))
    for statement in FOLLOW:
        session.execute(text(statement), {"patient": patient, "referrals": moved})
    for referral in moved:
        record(
            session,
            Actor("service", "intake"),
            "follow_merge",
            "referral",
            referral,
            details={"patient": str(patient)},
        )
