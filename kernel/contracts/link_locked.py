"""A patient's link was locked."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.patient import PatientSnapshot
from kernel.events import Contract


class LinkLocked(Contract):
    """Too many wrong birth dates were typed behind a patient's link: staff find out who did, and hand out a new one."""

    link_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    at: datetime
