"""Put one item of a draft in the place of another."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.change_draft import change_draft
from services.referral.model.protocol_life import ProtocolDraft
from services.referral.rules.item_places import with_item


def replace_item(
    session: Session,
    actor: Actor,
    draft: ProtocolDraft,
    place: tuple[str, str],
    item: Mapping[str, Any] | None,
) -> None:
    """Put one item in the place of the one with that id, or add it; `place` is (section, id), None takes it out.

    Sections and what an item of each is: `services.referral.rules.item_places.with_item`.
    """
    section, item_id = place
    change_draft(session, actor, draft, f"{section}.{item_id}")
    draft.document = with_item(draft.document, section, item_id, item)
