"""What people who work here, or who sent us a patient, are written to about: never anything about health."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class StaffAlerted(Contract):
    """Staff must look at something. `kind` is a code (notify has the words), `roles` who is to act, `site` where or "".

    `urgent` goes out at any hour. `alert_id` is the same however often the alert is told.
    """

    alert_id: UUID
    kind: str
    roles: list[str]
    site: str
    urgent: bool
    at: datetime


class ReferrerNoticed(Contract):
    """A referral came to a milestone its sender wants to hear of: accepted, booked, changed, declined, completed.

    The sender knows it by `external_id`; the patient is not named. `email`: where the sender reads.
    """

    notice_id: UUID
    email: str
    external_id: str
    milestone: str
    at: datetime
