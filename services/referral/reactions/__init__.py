"""What this service does when it hears of something. One file per event; this table is all of it."""

from kernel.inbox import Reaction
from services.referral.reactions.on_contact_opted import on_contact_opted_in, on_contact_opted_out
from services.referral.reactions.on_intake_submitted import on_intake_submitted
from services.referral.reactions.on_message_state_changed import on_message_state_changed
from services.referral.reactions.on_questionnaire_published import on_questionnaire_published

REACTIONS: dict[str, Reaction] = {
    "intake_submitted": on_intake_submitted,
    "questionnaire_published": on_questionnaire_published,
    "message_state_changed": on_message_state_changed,
    "contact_opted_out": on_contact_opted_out,
    "contact_opted_in": on_contact_opted_in,
}
