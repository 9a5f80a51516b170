"""Two records were found to be one person, or found not to be after all."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class PatientsMerged(Contract):
    """Data of patients_merged and patients_unmerged: `records` now stand under `patient_id`.

    `record_id` is the record that staff merged or released, at its `version`, which rises with each change of it;
    `records` are that one and everything merged into it before. After an unmerge `patient_id` is `record_id`.
    """

    record_id: UUID
    version: int
    patient_id: UUID
    records: tuple[UUID, ...]
    decided_at: datetime
