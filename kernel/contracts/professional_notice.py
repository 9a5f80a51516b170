"""What people who work here, or who sent us a patient, are written to about: never anything about health."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class StaffAlerted(Contract):
    """Staff must look at something. `kind` is a code (notify has the words), `roles` who is to act, `site` where or "".

    `urgent` goes out at any hour. `alert_id` is the same however often the alert is told. With `about_id` one person
    after another is told, those of the first role first, until `staff_alert_answered` says that somebody took it on.
    """

    alert_id: UUID
    kind: str
    roles: list[str]
    site: str
    urgent: bool
    at: datetime
    about_id: UUID | None = None


class StaffAlertAnswered(Contract):
    """Somebody took on what staff were alerted of: nobody else is told."""

    about_id: UUID
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
