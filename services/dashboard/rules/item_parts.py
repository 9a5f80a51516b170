"""The conditions of a rule, flag or diagnosis as parts of one form, and back; nothing an item carries is lost.

A part is named by its place in the form: `when`, `raise0`, `criterion0`, `suspected`, `subtype0`. The form names its
parts in order (`part`), because a part added a moment ago is in the form and nowhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.read_whole import read_whole
from services.dashboard.rules.clause_form import edited, read_condition

Form = Mapping[str, list[str]]
Item = dict[str, Any]
ONE_CONDITION = ("red_flags", "rules", "modifiers", "upgrades")
# What a press adds, and in which sections.
MORE = {
    "rules": (("raise", "Sooner when…"),),
    "diagnoses": (("criterion", "Criterion"), ("suspected", "Suspected when…"), ("subtype", "Subtype")),
}
_TEXTS = {
    "raise": ("to", "source", "status"),
    "suspected": ("id", "name", "source", "status"),
    "subtype": ("id", "name"),
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Part:
    """One condition of an item with what stands beside it. `condition` of a criterion holds its id as well."""

    key: str
    kind: str
    legend: str
    condition: Any
    says: Item

    @property
    def carried(self) -> str:
        """What the form does not ask, to be sent along."""
        own = {"when", *_TEXTS.get(self.kind, ())}
        rest = {name: value for name, value in self.says.items() if name not in own}
        return json.dumps(rest, ensure_ascii=False) if rest and self.kind in _TEXTS else ""


def parts_of(item: Mapping[str, Any], section: str) -> list[Part]:
    """Return the parts of an item, as the page shows them."""
    made = []
    if section in ONE_CONDITION:
        made.append(Part("when", "when", "When", item.get("when"), {}))
    for number, one in enumerate(_objects(item.get("raises"))):
        made.append(Part(f"raise{number}", "raise", "Sooner when", one.get("when"), one))
    for number, one in enumerate(_objects(item.get("criteria"))):
        made.append(Part(f"criterion{number}", "criterion", f"Criterion {one.get('id')}", one, one))
    suspected = item.get("suspected")
    if isinstance(suspected, dict):
        made.append(Part("suspected", "suspected", "Suspected when", suspected.get("when"), suspected))
    for number, one in enumerate(_objects(item.get("subtypes"))):
        legend = f"Subtype {one.get('name') or one.get('id') or ''}".strip()
        made.append(Part(f"subtype{number}", "subtype", legend, one.get("when"), one))
    return made


def read_parts(form: Form, before: Item, section: str, variables: Mapping[str, Item]) -> Item:
    """Return `before` with the conditions the form describes."""
    # The form of a diagnosis without a part still sends one empty name: taking out the last one is a change as well.
    keys = form["part"] if "part" in form else [one.key for one in parts_of(before, section)]
    lists: dict[str, list[Any]] = {"raises": [], "criteria": [], "subtypes": []}
    made = {name: value for name, value in before.items() if name not in ("suspected", *lists)}
    for key in filter(None, keys):
        kind = key.rstrip("0123456789")
        condition = read_condition(form, variables, key)
        if kind == "when":
            made["when"] = condition
        elif kind == "criterion":
            lists["criteria"].append(condition)
        elif kind in _TEXTS:
            holder = {**_says(form, key, kind), "when": condition}
            if kind == "suspected":
                made["suspected"] = holder
            else:
                lists[f"{kind}s"].append(holder)
    if section == "diagnoses":
        made["criteria"] = lists["criteria"]
    return made | {name: listed for name, listed in lists.items() if listed}


def with_part(item: Item, kind: str, clause: Item) -> Item:
    """Return the item with one more part of that kind, its condition `clause` to begin with."""
    if kind == "raise":
        new = {"to": str(item.get("priority") or ""), "status": "design", "when": clause}
        return {**item, "raises": [*_objects(item.get("raises")), new]}
    if kind == "criterion":
        criteria = _objects(item.get("criteria"))
        taken = {one.get("id") for one in criteria}
        name = next(one for one in (*_LETTERS, *(f"X{n}" for n in range(1, 99))) if one not in taken)
        made = {**item, "criteria": [*criteria, {"id": name, **clause}]}
        made["definite"] = [*(item.get("definite") or []), name]
        if isinstance(item.get("probable"), dict):
            asked = item["probable"].get("all_but_one_of") or []
            made["probable"] = {**item["probable"], "all_but_one_of": [*asked, name]}
        return made
    if kind == "suspected" and "suspected" not in item:
        return {**item, "suspected": {"id": "", "name": "", "status": "design", "when": clause}}
    if kind == "subtype":
        return {**item, "subtypes": [*_objects(item.get("subtypes")), {"id": "", "name": "", "when": clause}]}
    return item


def without_part(item: Item, key: str) -> Item:
    """Return the item without that part; a criterion also leaves the lists that ask for it."""
    kind, place = key.rstrip("0123456789"), key.lstrip("abcdefghijklmnopqrstuvwxyz")
    if kind == "suspected":
        return {name: value for name, value in item.items() if name != "suspected"}
    name = {"raise": "raises", "criterion": "criteria", "subtype": "subtypes"}.get(kind, "")
    listed = _objects(item.get(name))
    at = read_whole(place, len(listed) - 1) if listed else None
    if at is None:
        return item
    gone = listed.pop(at)
    made = {**item, name: listed}
    if kind == "criterion":
        made["definite"] = [one for one in item.get("definite") or [] if one != gone.get("id")]
        if isinstance(item.get("probable"), dict):
            asked = item["probable"].get("all_but_one_of") or []
            made["probable"] = {
                **item["probable"],
                "all_but_one_of": [one for one in asked if one != gone.get("id")],
            }
    elif not listed:
        del made[name]
    return made


def with_edit(item: Item, key: str, edit: str, clause: Item) -> Item:
    """Return the item after one press inside a part: `edit` as `clause_form.edited` takes it."""
    kind, place = key.rstrip("0123456789"), key.lstrip("abcdefghijklmnopqrstuvwxyz")
    if kind == "when":
        return {**item, "when": edited(item.get("when"), edit, clause)}
    if kind == "suspected" and isinstance(item.get("suspected"), dict):
        within = item["suspected"]
        return {**item, "suspected": {**within, "when": edited(within.get("when"), edit, clause)}}
    name = {"raise": "raises", "criterion": "criteria", "subtype": "subtypes"}.get(kind, "")
    listed = _objects(item.get(name))
    at = read_whole(place, len(listed) - 1) if listed else None
    if at is None:
        return item
    one = listed[at]
    listed[at] = (
        edited(one, edit, clause)
        if kind == "criterion"
        else {**one, "when": edited(one.get("when"), edit, clause)}
    )
    return {**item, name: listed}


def _says(form: Form, key: str, kind: str) -> Item:
    try:
        made = json.loads((form.get(f"{key}.holder") or ["{}"])[0] or "{}")
    except ValueError:
        made = {}
    made = made if isinstance(made, dict) else {}
    for name in _TEXTS[kind]:
        said = (form.get(f"{key}.{name}") or [""])[0].strip()
        if said or name in ("id", "to"):
            made[name] = said
    return made


def _objects(listed: object) -> list[Item]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
