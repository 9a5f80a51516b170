"""Who hears what. This table is the whole coupling between services; nothing else in the kernel names one."""

SERVICES = ("intake", "referral", "notify", "dashboard")

LISTENERS: dict[str, tuple[str, ...]] = {
    "intake_submitted": ("referral", "notify"),
    "code_requested": ("notify",),
    "consent_changed": ("notify",),
    "questionnaire_published": ("referral",),
    "protocol_published": ("intake",),
    "status_link_issued": ("notify",),
    "referral_received": ("intake", "notify"),
    "referral_routed": ("intake",),
    "referral_state_changed": ("intake",),
    "appointment_booked": ("notify", "intake"),
    "appointment_moved": ("notify", "intake"),
    "appointment_cancelled": ("notify", "intake"),
    "appointment_outcome_recorded": ("notify", "intake"),
    "slot_offered": ("notify", "intake"),
    "slot_offer_ended": ("notify",),
    "patients_merged": ("referral", "notify"),
    "patients_unmerged": ("referral", "notify"),
    "reply_confirmed": ("referral",),
    "reply_cannot_come": ("referral",),
    "reply_reschedule": ("referral",),
    "message_state_changed": ("referral",),
    "message_states_changed": ("referral",),
    "link_locked": ("notify",),
    "staff_alerted": ("notify",),
    "staff_alert_answered": ("notify",),
    "referrer_noticed": ("notify",),
    "contact_opted_out": ("referral", "intake"),
    "contact_opted_in": ("referral", "intake"),
}


def listeners(event_type: str) -> tuple[str, ...]:
    """Return the services owed `event_type`; raises KeyError for a type that is not in the table."""
    return LISTENERS[event_type]
