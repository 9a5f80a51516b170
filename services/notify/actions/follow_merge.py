"""Staff found two records to be one person, or not to be: their messages are shown together, or apart."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.contracts.patient_merge import PatientsMerged
from services.notify.queries.patient_records import stands_under

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


def follow_merge(session: Session, told: PatientsMerged) -> None:
    """Note whom `told.records` stand under; an older event than the one known changes nothing."""
    patient = told.patient_id
    if told.record_id != patient:
        # It may have been merged onward in a later deed whose event came first.
        patient = stands_under(session, patient)
    values = {"record": told.record_id, "patient": patient, "version": told.version}
    if session.execute(text(KEEP), values).first() is None:
        return
    session.execute(text(KEEP_UNDER), {**values, "records": list(told.records)})
    record(
        session,
        Actor("service", "intake"),
        "follow_merge",
        "patient",
        told.record_id,
        details={"patient": str(patient)},
    )
