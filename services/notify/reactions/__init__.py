"""Every event this service hears, and what it does about it."""

from collections.abc import Mapping

from kernel.inbox import Reaction
from services.notify.reactions.on_appointment_booked import on_appointment_booked
from services.notify.reactions.on_appointment_cancelled import on_appointment_cancelled
from services.notify.reactions.on_appointment_moved import on_appointment_moved
from services.notify.reactions.on_appointment_outcome_recorded import on_appointment_outcome_recorded
from services.notify.reactions.on_code_requested import on_code_requested
from services.notify.reactions.on_intake_submitted import on_intake_submitted
from services.notify.reactions.on_referral_routed import on_referral_routed
from services.notify.reactions.on_referral_state_changed import on_referral_state_changed
from services.notify.reactions.on_slot_offer_ended import on_slot_offer_ended
from services.notify.reactions.on_slot_offered import on_slot_offered

REACTIONS: Mapping[str, Reaction] = {
    "code_requested": on_code_requested,
    "intake_submitted": on_intake_submitted,
    "referral_routed": on_referral_routed,
    "referral_state_changed": on_referral_state_changed,
    "appointment_booked": on_appointment_booked,
    "appointment_moved": on_appointment_moved,
    "appointment_cancelled": on_appointment_cancelled,
    "appointment_outcome_recorded": on_appointment_outcome_recorded,
    "slot_offered": on_slot_offered,
    "slot_offer_ended": on_slot_offer_ended,
}
