"""What changed between two versions of a questionnaire, and what a change would take from the rules."""

from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from services.intake.rules.form import Form, Item

#: What of an item is its place or its name, and not what patients are asked.
NOT_COMPARED = frozenset({"link_id", "name", "items", "loose", "rows_of"})
COMPARED = tuple(one.name for one in fields(Item) if one.name not in NOT_COMPARED)


def compare_forms(old: Form | None, new: Form) -> list[dict[str, Any]]:
    """Changes in the new form's order: {link_id, change: added | removed | moved | changed, fields}.

    What differs of the questionnaire itself stands first, without a link_id.
    """
    before = dict(old.by_id) if old is not None else {}
    places = {link_id: place for place, link_id in enumerate(i for i in before if i in new.by_id)}
    changes: list[dict[str, Any]] = []
    if old is not None and dict(old.title) != dict(new.title):
        changes.append({"link_id": "", "change": "changed", "fields": ["title"]})
    last = -1
    for link_id, item in new.by_id.items():
        known = before.get(link_id)
        if known is None:
            changes.append({"link_id": link_id, "change": "added", "fields": []})
            continue
        differ = [name for name in COMPARED if _plain(getattr(known, name)) != _plain(getattr(item, name))]
        if differ:
            changes.append({"link_id": link_id, "change": "changed", "fields": differ})
        if places[link_id] < last:
            changes.append({"link_id": link_id, "change": "moved", "fields": []})
        last = max(last, places[link_id])
    changes += [{"link_id": one, "change": "removed", "fields": []} for one in before if one not in new.by_id]
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [asdict(one) if is_dataclass(one) and not isinstance(one, type) else one for one in value]
    if isinstance(value, float):
        # 0.5 and 0.50 are two ways to write it, and FHIR tells them apart.
        return str(value)
    return dict(value) if hasattr(value, "items") else value


def lost_variables(new: Form, needed: Iterable[str], asked_before: Iterable[str]) -> list[str]:
    """Variables a published rule reads, that patients were asked and would not be any more."""
    return sorted((set(needed) & set(asked_before)) - set(new.variables()))


def choices_of(form: Form) -> dict[str, set[str]]:
    """The codes that can be chosen for each variable the form asks by choice."""
    return {
        item.variable: {option.code for option in item.options}
        for item in form.by_id.values()
        if item.variable and item.options
    }


def untranslated(form: Form) -> list[str]:
    """linkIds whose text is not in every language of the form's title."""
    wanted = set(form.title)
    asked = ((link_id, item) for link_id, item in form.by_id.items() if item.text and not item.rows_of)
    return [link_id for link_id, item in asked if not wanted <= set(item.text)]
