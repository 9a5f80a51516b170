"""Work on a protocol without touching the one in force: start a draft, change it, discard it."""

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

SECTIONS: dict[str, tuple[str, ...]] = {
    "variables": ("variables",),
    "derived": ("derived",),
    "red_flags": ("red_flags",),
    "diagnoses": ("diagnoses",),
    "rules": ("routes", "rules"),
    "modifiers": ("routes", "modifiers"),
}


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


def replace_document(
    session: Session, actor: Actor, draft: ProtocolDraft, document: Mapping[str, Any]
) -> None:
    """Replace the whole document of an open draft. It may be faulty: only publishing demands a sound one."""
    _require_open(draft)
    draft.document = dict(document)
    _changed(session, actor, draft, "document")


def replace_item(
    session: Session,
    actor: Actor,
    draft: ProtocolDraft,
    place: tuple[str, str],
    item: Mapping[str, Any] | None,
) -> None:
    """Put one item in the place of the one with that id, or add it; `place` is (section of `SECTIONS`, id).

    None takes it out. The rest of the document keeps its order. Raises KeyError for an unknown section.
    """
    _require_open(draft)
    section, item_id = place
    path = SECTIONS[section]
    document = dict(draft.document)
    holder: dict[str, Any] = document
    for key in path[:-1]:
        holder[key] = dict(holder.get(key, {}))
        holder = holder[key]
    listed = list(holder.get(path[-1], []))
    places = [i for i, entry in enumerate(listed) if isinstance(entry, dict) and entry.get("id") == item_id]
    if item is None:
        listed = [entry for i, entry in enumerate(listed) if i not in places]
    elif places:
        listed[places[0]] = dict(item)
    else:
        listed.append(dict(item))
    holder[path[-1]] = listed
    draft.document = document
    _changed(session, actor, draft, f"{section}.{item_id}")


def discard_draft(session: Session, actor: Actor, draft: ProtocolDraft) -> None:
    """Lay a draft aside for good; it stays readable."""
    _require_open(draft)
    draft.state = "discarded"
    _changed(session, actor, draft, "discarded")


def _require_open(draft: ProtocolDraft) -> None:
    if draft.state != "open":
        raise conflict("draft_ended", "This draft was published or discarded and can no longer be changed.")


def _changed(session: Session, actor: Actor, draft: ProtocolDraft, what: str) -> None:
    draft.version += 1
    draft.changed_at = now(session)
    draft.changed_by = actor.id
    record(
        session,
        actor,
        "change_draft",
        "protocol_draft",
        draft.id,
        details={"what": what, "version": draft.version},
    )
