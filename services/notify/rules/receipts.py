"""What a provider's status means for a message, and which changes of state a receipt may make."""

# Twilio's words; "accepted" to "sending" say only that the provider has the message.
MEANINGS = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# So many reports with a signature that is not the provider's within a minute are an attack, or a wrong setting.
FORGED_ALARM_A_MINUTE = 10
# Codes by which a carrier says, after taking the message, that the number can never be reached by text.
DEAD_NUMBER_CODES = frozenset({"30005", "30006", "21211", "21614"})
# The carrier itself blocks this number for us: the patient said STOP to it.
OPTED_OUT_CODES = frozenset({"21610", "OptedOut", "OptedOutException"})
# From which states a receipt may move a message; anything else would be going backwards.
_FORWARD = {
    "sent": frozenset({"sending", "unknown", "due"}),
    "delivered": frozenset({"sending", "unknown", "due", "sent"}),
    "failed": frozenset({"sending", "unknown", "due", "sent"}),
}


def state_after(state: str, status: str) -> str | None:
    """The message's new state after `status`, or None when the status is stale or not known."""
    meaning = MEANINGS.get(status)
    return meaning if meaning is not None and state in _FORWARD[meaning] else None
