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
# Codes that say of the recipient's own number that no text can reach it, in an answer or in a report. From Twilio's
# dictionary (twilio.com/docs/api/errors/<code>). Not among them: 21214 and 21217 are about calls, 21219 about a trial
# account, 21401 and 21612 about our own number beside theirs, 30003 about a phone that is off.
DEAD_NUMBER_CODES = frozenset(
    {
        "21211",  # it is no valid number
        "21614",  # it is no mobile number
        "21635",  # it is a landline (since July 2024; 21614 before)
        "30005",  # the carrier does not know it, or it is out of service
        "30006",  # a landline, or a carrier that takes no texts
    }
)
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
