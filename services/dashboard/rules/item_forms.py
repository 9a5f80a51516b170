"""One item of a draft as its page draws it: what a new one begins as, what a form says, what a press draws anew."""

import json
from collections.abc import Mapping
from typing import Any

from services.dashboard.rules.clause_form import edited, first_clause
from services.dashboard.rules.derived_form import COPY, read_derived
from services.dashboard.rules.item_fields import read_fields, read_tie_break
from services.dashboard.rules.item_parts import ONE_CONDITION, read_parts, with_edit, with_part, without_part
from services.dashboard.rules.question_form import read_question
from services.dashboard.rules.ranking_form import moved, read_ranking
from services.dashboard.rules.review_form import CONDITION, read_review
from services.dashboard.rules.row_columns import NoColon, read_columns

Form = Mapping[str, list[str]]
Item = dict[str, Any]
# A clinician signs these; the rest has no clinical threshold of its own, or is signed with what names it.
SIGNED = ("red_flags", "rules", "modifiers", "diagnoses")
ROWS = ("fields", "groupings")
_IN_A_CLAUSE = ("add", "group", "diagnosis", "rule", "wrap", "remove", "retype")


def fresh_item(section: str, variables: Mapping[str, Item]) -> Item:
    """Return what a new item of the section begins as."""
    leaf = first_clause(variables)
    made: Item = {"id": "", "name": "", "source": "", "status": "design"}
    if section == "variables":
        return {"id": "", "type": "bool", "label": {"en": "", "es": ""}}
    if section == "derived":
        return read_derived({}, {"id": "", "kind": "list_sum", "status": "design"}, variables)
    if section == "tie_breaks":
        return {"id": "", "if_dx": [], "primary": "", "status": "design", "rank": 99}
    if section == "review_when":
        return {**made, "kind": CONDITION, "when": leaf}
    if section in SIGNED:
        made["signoff"] = {"required": True, "by": None, "on": None}
    if section == "rules":
        made |= {"route": "physical_therapy", "priority": "P5"}
    elif section == "red_flags":
        made |= {"action": "U"}
    elif section == "modifiers":
        made |= {"add": ""}
    if section in ONE_CONDITION:
        return {**made, "when": leaf}
    return {**made, "criteria": [{"id": "A", **leaf}], "definite": ["A"]}


def read_item(form: Form, before: Item, section: str, variables: Mapping[str, Item]) -> Item:
    """Return the item a posted form describes. Raises ValueError in words for what it cannot be."""
    if "text" in form:
        try:
            made = json.loads(form["text"][0])
        except ValueError:
            raise ValueError("That is not valid JSON.") from None
        if not isinstance(made, dict):
            raise ValueError("That is not valid JSON: one object in braces is needed.")
        return made
    try:
        if section == "variables":
            given = {name: values[0] for name, values in form.items() if values}
            made = read_question(given, before)
            rows = read_columns(given, before) if made["type"] == "list" else {}
            return {name: value for name, value in made.items() if name not in ROWS} | rows
        if section == "derived":
            return read_derived(form, before, variables)
    except NoColon:
        raise ValueError("Write each group as a code, a colon and its answers.") from None
    except ValueError:
        raise ValueError("A limit is not a number.") from None
    if section == "review_when":
        return read_review(form, before, variables)
    if section == "ranking":
        return {**before, **read_ranking(form, before)}
    if section == "tie_breaks":
        return read_tie_break(form, before)
    return read_parts(form, read_fields(form, before), section, variables)


def drawn_item(item: Item, section: str, press: str, clause: Item) -> Item | None:
    """Return the item as it is drawn again after a press that stores nothing; None for any other press."""
    deed, _, what = press.partition(":")
    # First of all: what is only tried or drawn anew must never fall through to being saved.
    if deed in ("retype", "check"):
        return item
    if section == "ranking":
        order = moved(item["order"], press)
        return None if order is None else {**item, "order": order}
    if deed == "more":
        return with_part(item, what, clause)
    if deed == "drop":
        return without_part(item, what)
    if deed in _IN_A_CLAUSE:
        key, _, path = what.partition("/")
        if section in ("derived", "review_when"):
            return {**item, "when": edited(item.get("when"), f"{deed}:{path}", clause)}
        return with_edit(item, key, f"{deed}:{path}", clause)
    return None


def stored_item(item: Item, section: str) -> Item:
    """Return the item as the draft keeps it: the names a page gives an order of the ranking are the page's own."""
    if section == "ranking":
        return {name: item[name] for name in ("order", "source")}
    return item


def has_condition(item: Mapping[str, Any], section: str) -> bool:
    """Whether the item is one condition beside typed fields of its own."""
    return (section == "derived" and item.get("kind") == COPY) or (
        section == "review_when" and item.get("kind") == CONDITION
    )
