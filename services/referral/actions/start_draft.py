"""Work on a protocol without touching the one in force: start a draft, or import one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import conflict
from services.referral.model.protocol_life import ProtocolDraft
from services.referral.queries.protocols import PublishedProtocol


def start_draft(
    session: Session,
    actor: Actor,
    current: PublishedProtocol,
    *,
    title: str,
    document: Mapping[str, Any] | None = None,
    base_number: int | None = None,
) -> ProtocolDraft:
    """Start a draft from the protocol in force, or import `document`, which was exported from `base_number`.

    An import from a version that is no longer in force is refused (409 `stale`): it would undo what came after.
    """
    if base_number is not None and base_number != current.number:
        raise stale(current)
    moment = now(session)
    draft = ProtocolDraft(
        id=new_id(),
        title=title,
        base_number=current.number,
        document=dict(current.protocol.document if document is None else document),
        state="open",
        version=1,
        author_id=actor.id,
        author_name=actor.name,
        created_at=moment,
        changed_at=moment,
        changed_by=actor.id,
        editors=[actor.id],
    )
    session.add(draft)
    record(session, actor, "start_draft", "protocol_draft", draft.id, details={"base": current.number})
    return draft


def stale(current: PublishedProtocol) -> Exception:
    """The 409 for work based on a version that is no longer in force."""
    return conflict(
        "stale",
        "Another version was published since. Start again from the protocol in force.",
        current_number=current.number,
    )
