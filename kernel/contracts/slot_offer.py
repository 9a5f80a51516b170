"""A freed slot is offered to a waiting patient, and what became of the offer."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.appointment import SiteFacts
from kernel.events import Contract


class SlotOffered(Contract):
    """Until `expires_at` the patient may claim the slot; others may have been offered it too, the first claim wins.

    `visit_type_name` is neutral wording per language, fit for an SMS. `claim_token` opens the patient's page of this
    offer, behind their birth date; its hash is all anyone keeps ("" in events of before it was there).
    """

    offer_id: UUID
    patient_id: UUID
    referral_id: UUID
    site: SiteFacts
    visit_type_name: dict[str, str]
    starts_at: datetime
    offered_at: datetime
    expires_at: datetime
    claim_token: str = ""


class SlotOfferEnded(Contract):
    """`state`: claimed, declined, lost (another was first), expired or withdrawn."""

    offer_id: UUID
    patient_id: UUID
    state: str
