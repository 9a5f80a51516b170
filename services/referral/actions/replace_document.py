"""Replace the whole document of a draft."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.change_draft import change_draft
from services.referral.model.protocol_life import ProtocolDraft


def replace_document(
    session: Session, actor: Actor, draft: ProtocolDraft, document: Mapping[str, Any]
) -> None:
    """Replace the whole document of an open draft. The caller has seen that it compiles."""
    change_draft(session, actor, draft, "document")
    draft.document = dict(document)
