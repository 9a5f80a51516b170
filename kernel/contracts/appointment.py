"""An appointment as other services need to know it."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class SiteFacts(Contract):
    """Where: `time_zone` is an IANA name, `phone` E.164."""

    id: str
    name: str
    address: str
    phone: str
    time_zone: str


class AppointmentFacts(Contract):
    """One version of an appointment. `version` rises with every move or cancel; messages belong to a version.

    `visit_type_name` is neutral wording per language ({"en": …, "es": …}) fit for an SMS: it names no specialty.
    """

    appointment_id: UUID
    version: int
    referral_id: UUID | None
    patient_id: UUID
    site: SiteFacts
    visit_type: str
    visit_type_name: dict[str, str]
    provider_name: str
    route: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime


class AppointmentBooked(AppointmentFacts):
    """A visit was booked (version 1)."""


class AppointmentMoved(AppointmentFacts):
    """A visit was moved: `version` is the new one; everything planned for an older version is void."""

    previous_starts_at: datetime


class AppointmentCancelled(Contract):
    """A visit will not happen. `reason` is a code; `by` is patient, staff or clinic."""

    appointment_id: UUID
    version: int
    patient_id: UUID
    reason: str
    by: str


class AppointmentOutcomeRecorded(Contract):
    """What became of a visit: attended or no_show."""

    appointment_id: UUID
    version: int
    referral_id: UUID | None
    patient_id: UUID
    outcome: str
