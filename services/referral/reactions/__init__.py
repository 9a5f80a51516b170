"""What this service does when it hears of something. One file per event; this table is all of it."""

from kernel.inbox import Reaction
from services.referral.reactions.on_contact_opted_in import on_contact_opted_in
from services.referral.reactions.on_contact_opted_out import on_contact_opted_out
from services.referral.reactions.on_intake_submitted import on_intake_submitted
from services.referral.reactions.on_message_state_changed import on_message_state_changed
from services.referral.reactions.on_message_states_changed import on_message_states_changed
from services.referral.reactions.on_patients_merged import on_patients_merged
from services.referral.reactions.on_patients_unmerged import on_patients_unmerged
from services.referral.reactions.on_questionnaire_published import on_questionnaire_published
from services.referral.reactions.on_reply_cannot_come import on_reply_cannot_come
from services.referral.reactions.on_reply_confirmed import on_reply_confirmed
from services.referral.reactions.on_reply_reschedule import on_reply_reschedule

REACTIONS: dict[str, Reaction] = {
    "intake_submitted": on_intake_submitted,
    "questionnaire_published": on_questionnaire_published,
    "message_state_changed": on_message_state_changed,
    "message_states_changed": on_message_states_changed,
    "reply_confirmed": on_reply_confirmed,
    "reply_cannot_come": on_reply_cannot_come,
    "reply_reschedule": on_reply_reschedule,
    "contact_opted_out": on_contact_opted_out,
    "contact_opted_in": on_contact_opted_in,
    "patients_merged": on_patients_merged,
    "patients_unmerged": on_patients_unmerged,
}
