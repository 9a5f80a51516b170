"""The protocol proposed a route for a submission. Staff have not confirmed it yet."""

from uuid import UUID

from kernel.events import Contract


class ReferralRouted(Contract):
    """`priority` is P0 to P5. The reasons stay in the referral service."""

    referral_id: UUID
    submission_id: UUID
    patient_id: UUID
    route: str
    priority: str
    state: str
    version: int
