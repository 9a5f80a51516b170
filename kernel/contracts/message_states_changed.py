"""Planned messages got new states; the referrals' timelines show them."""

from pydantic import Field

from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.events import Contract

MOST_STATES = 500


class MessageStatesChanged(Contract):
    """The newest states of up to 500 messages, each as in `message_state_changed` and each message once."""

    states: list[MessageStateChanged] = Field(max_length=MOST_STATES)
