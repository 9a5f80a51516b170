"""Why a person must choose the route instead of a rule: as a form and back, and in words."""

from collections.abc import Mapping
from typing import Any

from services.dashboard.rules.clause_form import first_clause, read_condition
from services.dashboard.rules.item_fields import one
from services.dashboard.rules.sentences import sentence_of
from services.dashboard.rules.words import FLAG_ACTIONS, plain

Form = Mapping[str, list[str]]
Item = dict[str, Any]

CONDITION, NO_RULE, FLAG_NAMES, FLAG_BARS = "condition", "no_rule", "flag_names_route", "flag_bars_route"
KINDS = (
    (CONDITION, "A condition holds"),
    (FLAG_BARS, "An open flag bars the route that would come first"),
    (FLAG_NAMES, "A flag names where it sends to"),
    (NO_RULE, "No routing rule is met"),
)
ACTIONS = ("E", "S", "U", "M")


def read_review(form: Form, before: Mapping[str, Any], variables: Mapping[str, Item]) -> Item:
    """Return the review cause a posted form describes; what the form does not ask is kept."""
    kind = one(form, "kind") or str(before.get("kind") or CONDITION)
    own = ("when", "actions", "except", "never_primary")
    made = {name: value for name, value in before.items() if name not in own}
    made |= {"id": one(form, "id") or str(before.get("id") or ""), "kind": kind}
    for name in ("name", "source", "status"):
        if one(form, name) or name in made:
            made[name] = one(form, name)
    if kind == CONDITION:
        asked = "when.kind" in form
        made["when"] = (
            read_condition(form, variables, "when")
            if asked
            else before.get("when") or first_clause(variables)
        )
    elif kind == FLAG_BARS:
        # Ticks that are all off send nothing: the page says that it asked.
        asked = "bars" in form.get("asked", [])
        for name in ("actions", "except", "never_primary"):
            chosen = form.get(name, []) if asked else before.get(name) or []
            kept = [value for value in before.get(name) or [] if value in chosen]
            listed = kept + [value for value in chosen if value not in kept]
            if listed or name in before:
                made[name] = listed
    return made


def review_words(cause: Mapping[str, Any]) -> str:
    """Return what the cause says, as a sentence that ends in who chooses."""
    kind = cause.get("kind")
    if kind == CONDITION:
        return f"Staff choose the route when {_within(sentence_of(cause.get('when')))}"
    if kind == NO_RULE:
        return "Staff choose the route when no routing rule is met"
    if kind == FLAG_NAMES:
        return "A flag that names where it sends to decides, before any rule"
    if kind == FLAG_BARS:
        flags = " or ".join(
            FLAG_ACTIONS[one].words.lower() for one in cause.get("actions") or [] if one in FLAG_ACTIONS
        )
        barred = " or ".join(plain(one).lower() for one in cause.get("never_primary") or [])
        but = ", ".join(cause.get("except") or [])
        return (
            f"An open {flags or 'flag of no kind'} flag"
            + (f" (but not {but})" if but else "")
            + f" keeps {barred or 'no route'} from coming first: staff choose, and it stays as second"
        )
    return "a cause this page cannot say in words"


def _within(words: str) -> str:
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
