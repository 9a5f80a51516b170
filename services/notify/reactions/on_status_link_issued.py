"""A patient may follow their referral: send them the link, with how to get ready behind it."""

from sqlalchemy.orm import Session

from kernel.contracts.status_link_issued import StatusLinkIssued
from kernel.events import Event
from services.notify.actions.plan_get_ready import plan_get_ready


def on_status_link_issued(session: Session, event: Event) -> None:
    """Plan the message."""
    plan_get_ready(session, StatusLinkIssued.model_validate(event.data))
