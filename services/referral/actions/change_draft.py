"""What every change of a draft has in common."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.model.protocol_life import ProtocolDraft


def change_draft(session: Session, actor: Actor, draft: ProtocolDraft, what: str) -> None:
    """Raise the version of an open draft for a change called `what`; 409 `draft_ended` for any other."""
    if draft.state != "open":
        raise conflict("draft_ended", "This draft was published or discarded and can no longer be changed.")
    draft.version += 1
    draft.changed_at = now(session)
    draft.changed_by = actor.id
    # A new list: SQLAlchemy does not see a list of its own growing.
    draft.editors = sorted({*draft.editors, actor.id})
    record(
        session,
        actor,
        "change_draft",
        "protocol_draft",
        draft.id,
        details={"what": what, "version": draft.version},
    )
