"""A value the protocol works out, as a form and back, and in words; what the form does not ask is kept."""

from collections.abc import Mapping
from typing import Any

from services.dashboard.rules.clause_form import first_clause, read_condition
from services.dashboard.rules.item_fields import one
from services.dashboard.rules.question_form import number
from services.dashboard.rules.sentences import sentence_of
from services.dashboard.rules.times import DAY_NAMES
from services.dashboard.rules.variables import label_of, value_words

Form = Mapping[str, list[str]]
Item = dict[str, Any]
Variables = Mapping[str, Mapping[str, Any]]

COPY, YEARS, BUSINESS_DAYS = "copy_when", "years_between", "business_days_between"
KINDS = (
    ("list_sum", "Sum of a number over the rows of a list"),
    ("list_union", "Days with any of several groups, each day once"),
    ("list_max", "The highest number in the rows of a list"),
    ("list_count", "How many groups of a list are in use"),
    (YEARS, "Whole years between two days"),
    (BUSINESS_DAYS, "Business days between two days"),
    (COPY, "Another answer, while a condition holds"),
)
LISTS = ("list_sum", "list_union", "list_max", "list_count")
WEEKDAYS = tuple((name[:3].lower(), name) for name in DAY_NAMES)
_NOTED = ("source", "status", "note", "label", "name")
_NUMBERS = ("int", "float")


def read_derived(form: Form, before: Mapping[str, Any], variables: Variables) -> Item:
    """Return the value a posted form describes; a kind chosen a moment ago starts with what fits it.

    Raises ValueError when the highest value is not a number.
    """
    kind = one(form, "kind") or str(before.get("kind") or YEARS)
    made: Item = {name: before[name] for name in _NOTED if name in before}
    made |= {"id": one(form, "id") or str(before.get("id") or ""), "kind": kind}
    for name in ("source", "status"):
        if one(form, name) or name in made:
            made[name] = one(form, name)
    if kind in LISTS:
        return made | _of_list(form, before, variables)
    if kind == COPY:
        made["from"] = one(form, "from") or str(before.get("from") or "")
        asked = "when.kind" in form
        made["when"] = read_condition(form, variables, "when") if asked else _when(before, variables)  # type: ignore[arg-type]
        return made
    days = days_of(variables)
    for name, otherwise in (("from", days[:1]), ("to", days[-1:])):
        given = one(form, name) or str(before.get(name) or "")
        made[name] = given if given in days else "".join(otherwise)
    if kind == BUSINESS_DAYS:
        chosen = form.get("weekdays", [] if "closed_on" in form else before.get("weekdays") or _WORKING)
        made["weekdays"] = [code for code, _ in WEEKDAYS if code in chosen]
        written = one(form, "closed_on").replace(",", " ").split()
        made["closed_on"] = written if "closed_on" in form else list(before.get("closed_on") or [])
    return made


_WORKING = [code for code, _ in WEEKDAYS[:5]]


def _when(before: Mapping[str, Any], variables: Variables) -> Any:
    return before.get("when") or first_clause(variables)  # type: ignore[arg-type]


def _of_list(form: Form, before: Mapping[str, Any], variables: Variables) -> Item:
    lists = lists_of(variables)
    name = _chosen(one(form, "list"), before.get("list"), lists)
    rows = variables.get(name, {})
    fields = [str(part["id"]) for part in rows.get("fields") or [] if part.get("type") in _NUMBERS]
    groupings = rows.get("groupings") or {}
    grouping = _chosen(one(form, "grouping"), before.get("grouping"), list(groupings))
    known = list((groupings.get(grouping) or {}).get("groups") or {})
    at_most = one(form, "at_most") if "at_most" in form else before.get("at_most", 31)
    made: Item = {
        "list": name,
        "field": _chosen(one(form, "field"), before.get("field"), fields),
        "grouping": grouping,
        "at_most": number(at_most) if isinstance(at_most, str) else at_most,
    }
    chosen = [group for group in known if group in form.get("groups", [])]
    # Without groups all of them count: a document that names none goes on naming none.
    if chosen and (len(chosen) < len(known) or "groups" in before):
        made["groups"] = chosen
    return made


def _chosen(given: str, before: Any, known: list[str]) -> str:
    for name in (given, str(before or "")):
        if name in known:
            return name
    return known[0] if known else ""


def days_of(variables: Variables) -> list[str]:
    """The answers that are a day."""
    return [name for name, variable in variables.items() if variable.get("type") == "date"]


def lists_of(variables: Variables) -> list[str]:
    """The answers that are rows with groups, such as the list of medicines."""
    return [
        name
        for name, variable in variables.items()
        if variable.get("type") == "list" and variable.get("groupings")
    ]


def derived_words(item: Mapping[str, Any]) -> str:
    """Return how the value is worked out, as a sentence."""
    kind = item.get("kind")
    if kind in LISTS:
        column, rows = label_of(str(item.get("field")), {}).lower(), value_words(item.get("list"))
        groups = item.get("groups")
        among = f"in {value_words(groups)}" if groups else f"in any {value_words(item.get('grouping'))}"
        limit = value_words(item.get("at_most"))
        return {
            "list_sum": f"Sum of {column} over the rows of {rows} {among}, at most {limit}",
            "list_union": f"{column.capitalize()} over the rows of {rows} {among}, a day counted once, at most {limit}",
            "list_max": f"The highest {column} in the rows of {rows} {among}, at most {limit}",
            "list_count": f"How many groups of {rows} have {column} {among}",
        }[str(kind)]
    begin, end = (label_of(str(item.get(name) or "nothing yet"), {}).lower() for name in ("from", "to"))
    if kind == YEARS:
        return f"Whole years from {begin} to {end}"
    if kind == BUSINESS_DAYS:
        names = dict(WEEKDAYS)
        open_on = ", ".join(names.get(str(day), str(day)) for day in item.get("weekdays") or []) or "no day"
        shut = value_words(list(item["closed_on"])) if item.get("closed_on") else "never"
        return f"Business days from {begin} to {end}; open on {open_on}; closed: {shut}"
    if kind == COPY:
        return f"As {begin}, while {sentence_of(item.get('when'))}"
    return "worked out in a way this page cannot say in words"
