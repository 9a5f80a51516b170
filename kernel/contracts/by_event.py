"""Which contract each event's data follows; `emit` refuses anything else."""

from kernel.contracts import (
    appointment,
    code_requested,
    contact_opt,
    intake_submitted,
    message_state_changed,
    message_states_changed,
    protocol_published,
    questionnaire_published,
    referral_routed,
    referral_state_changed,
    reply,
    slot_offer,
)
from kernel.events import Contract

CONTRACTS: dict[str, type[Contract]] = {
    "intake_submitted": intake_submitted.IntakeSubmitted,
    "code_requested": code_requested.CodeRequested,
    "questionnaire_published": questionnaire_published.QuestionnairePublished,
    "protocol_published": protocol_published.ProtocolPublished,
    "referral_routed": referral_routed.ReferralRouted,
    "referral_state_changed": referral_state_changed.ReferralStateChanged,
    "appointment_booked": appointment.AppointmentBooked,
    "appointment_moved": appointment.AppointmentMoved,
    "appointment_cancelled": appointment.AppointmentCancelled,
    "appointment_outcome_recorded": appointment.AppointmentOutcomeRecorded,
    "slot_offered": slot_offer.SlotOffered,
    "slot_offer_ended": slot_offer.SlotOfferEnded,
    "reply_confirmed": reply.ReplyMeant,
    "reply_cannot_come": reply.ReplyMeant,
    "reply_reschedule": reply.ReplyMeant,
    "message_state_changed": message_state_changed.MessageStateChanged,
    "message_states_changed": message_states_changed.MessageStatesChanged,
    "contact_opted_out": contact_opt.ContactOpted,
    "contact_opted_in": contact_opt.ContactOpted,
}
