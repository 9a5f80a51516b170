"""Put one item of a draft in the place of another."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.change_draft import change_draft
from services.referral.model.protocol_life import ProtocolDraft
from services.referral.rules.route_places import with_route
from services.referral.rules.tie_break_places import with_tie_break

SECTIONS: dict[str, tuple[str, ...]] = {
    "variables": ("variables",),
    "derived": ("derived",),
    "red_flags": ("red_flags",),
    "diagnoses": ("diagnoses",),
    "rules": ("routes", "rules"),
    "modifiers": ("routes", "modifiers"),
    "upgrades": ("routes", "priority_modifiers", "upgrade_one_class_if_any"),
}


def replace_item(
    session: Session,
    actor: Actor,
    draft: ProtocolDraft,
    place: tuple[str, str],
    item: Mapping[str, Any] | None,
) -> None:
    """Put one item in the place of the one with that id, or add it; `place` is (section of `SECTIONS`, id).

    None takes it out. The rest of the document keeps its order. Raises KeyError for an unknown section.
    A route is {id, label by language, rank among the routes from 1, urgent_bars: whether an urgent flag keeps it from
    being the first route}; the document keeps these in four places, which change together. A tie-break is named by its
    place from 1, or `new`, and may carry `rank`, the place it shall have.
    """
    section, item_id = place
    change_draft(session, actor, draft, f"{section}.{item_id}")
    if section == "routes":
        draft.document = with_route(draft.document, item_id, item)
        return
    if section == "tie_breaks":
        draft.document = with_tie_break(draft.document, item_id, item)
        return
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
