"""Lay a draft aside."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.change_draft import change_draft
from services.referral.model.protocol_life import ProtocolDraft


def discard_draft(session: Session, actor: Actor, draft: ProtocolDraft) -> None:
    """Lay a draft aside for good; it stays readable."""
    change_draft(session, actor, draft, "discarded")
    draft.state = "discarded"
