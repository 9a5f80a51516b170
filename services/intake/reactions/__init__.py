"""What intake does when others tell it something."""

from collections.abc import Mapping

from kernel.inbox import Reaction
from services.intake.reactions.on_appointment_booked import on_appointment_booked
from services.intake.reactions.on_appointment_cancelled import on_appointment_cancelled
from services.intake.reactions.on_appointment_moved import on_appointment_moved
from services.intake.reactions.on_appointment_outcome_recorded import on_appointment_outcome_recorded
from services.intake.reactions.on_contact_opted_in import on_contact_opted_in
from services.intake.reactions.on_contact_opted_out import on_contact_opted_out
from services.intake.reactions.on_protocol_published import on_protocol_published
from services.intake.reactions.on_referral_received import on_referral_received
from services.intake.reactions.on_referral_routed import on_referral_routed
from services.intake.reactions.on_referral_state_changed import on_referral_state_changed
from services.intake.reactions.on_slot_offered import on_slot_offered

REACTIONS: Mapping[str, Reaction] = {
    "protocol_published": on_protocol_published,
    "referral_received": on_referral_received,
    "referral_routed": on_referral_routed,
    "referral_state_changed": on_referral_state_changed,
    "appointment_booked": on_appointment_booked,
    "appointment_moved": on_appointment_moved,
    "appointment_cancelled": on_appointment_cancelled,
    "appointment_outcome_recorded": on_appointment_outcome_recorded,
    "contact_opted_out": on_contact_opted_out,
    "contact_opted_in": on_contact_opted_in,
    "slot_offered": on_slot_offered,
}
