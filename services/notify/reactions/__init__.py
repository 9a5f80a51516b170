"""Every event this service hears, and what it does about it."""

from collections.abc import Mapping

from kernel.inbox import Reaction
from services.notify.reactions.on_appointment_booked import on_appointment_booked
from services.notify.reactions.on_appointment_cancelled import on_appointment_cancelled
from services.notify.reactions.on_appointment_moved import on_appointment_moved
from services.notify.reactions.on_appointment_outcome_recorded import on_appointment_outcome_recorded
from services.notify.reactions.on_code_requested import on_code_requested
from services.notify.reactions.on_consent_changed import on_consent_changed
from services.notify.reactions.on_intake_submitted import on_intake_submitted
from services.notify.reactions.on_link_locked import on_link_locked
from services.notify.reactions.on_patients_merged import on_patients_merged
from services.notify.reactions.on_patients_unmerged import on_patients_unmerged
from services.notify.reactions.on_referral_received import on_referral_received
from services.notify.reactions.on_referral_routed import on_referral_routed
from services.notify.reactions.on_referral_state_changed import on_referral_state_changed
from services.notify.reactions.on_referrer_noticed import on_referrer_noticed
from services.notify.reactions.on_slot_offer_ended import on_slot_offer_ended
from services.notify.reactions.on_slot_offered import on_slot_offered
from services.notify.reactions.on_staff_alert_answered import on_staff_alert_answered
from services.notify.reactions.on_staff_alerted import on_staff_alerted
from services.notify.reactions.on_status_link_issued import on_status_link_issued

REACTIONS: Mapping[str, Reaction] = {
    "code_requested": on_code_requested,
    "consent_changed": on_consent_changed,
    "intake_submitted": on_intake_submitted,
    "referral_received": on_referral_received,
    "referral_routed": on_referral_routed,
    "referral_state_changed": on_referral_state_changed,
    "appointment_booked": on_appointment_booked,
    "appointment_moved": on_appointment_moved,
    "appointment_cancelled": on_appointment_cancelled,
    "appointment_outcome_recorded": on_appointment_outcome_recorded,
    "slot_offered": on_slot_offered,
    "slot_offer_ended": on_slot_offer_ended,
    "status_link_issued": on_status_link_issued,
    "patients_merged": on_patients_merged,
    "patients_unmerged": on_patients_unmerged,
    "staff_alerted": on_staff_alerted,
    "staff_alert_answered": on_staff_alert_answered,
    "link_locked": on_link_locked,
    "referrer_noticed": on_referrer_noticed,
}
