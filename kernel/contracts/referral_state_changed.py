"""A referral moved from one state to another."""

from uuid import UUID

from kernel.events import Contract


class ReferralStateChanged(Contract):
    """`version` rises by one with each move, so a listener can tell an old event from a new one.

    `route` is the one in force after the move ("" in events of before it was told).
    """

    referral_id: UUID
    submission_id: UUID | None
    patient_id: UUID
    from_state: str
    to_state: str
    version: int
    route: str = ""
