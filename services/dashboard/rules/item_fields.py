"""What a rule, flag, diagnosis or tie-break says besides its conditions, read from a form."""

from collections.abc import Mapping
from typing import Any

from kernel.read_whole import read_whole

Form = Mapping[str, list[str]]
Item = dict[str, Any]
PLAIN_FIELDS = ("name", "route", "priority", "action", "add", "source", "status")
#: What a flag may keep from being given, and the numbers it may show a patient.
BLOCKS = ("manual_therapy",)
NUMBERS_TO_SHOW = ("911", "988")
# An item read from a page that did not ask these keeps what it had: the page says which it asked.
ASKED = "asked"


def read_fields(form: Form, before: Item) -> Item:
    """Return `before` with the fields of the form; an empty field is taken out when it was not there before."""
    made = {**before, "id": one(form, "id") or str(before.get("id") or "")}
    for name in PLAIN_FIELDS:
        if name in form:
            value = one(form, name)
            if value or before.get(name):
                made[name] = value or None
    asked = form.get(ASKED, [])
    if "flag" in asked:
        _read_flag(form, made)
    if "rule" in asked:
        words = one(form, "recheck_weeks").replace(",", " ").split()
        _keep(
            made, "recheck_weeks", [week for word in words if (week := read_whole(word, 9_999)) is not None]
        )
    if "diagnosis" in asked:
        _read_diagnosis(form, made)
    return made


def read_tie_break(form: Form, before: Item) -> Item:
    """Return the tie-break a form describes, with `rank`, the place it shall have from 1."""
    made: Item = {
        name: value for name, value in before.items() if name not in ("id", "name", "rank", "secondary")
    }
    made |= {"if_dx": list(form.get("if_dx", [])), "primary": one(form, "primary")}
    for name in ("secondary", "source", "status", "note"):
        if one(form, name):
            made[name] = one(form, name)
    rank = read_whole(one(form, "rank"), 999)
    made["rank"] = 99 if rank is None else rank
    return made


def _read_flag(form: Form, made: Item) -> None:
    for name in ("action", "to", "priority"):
        value = one(form, name)
        if value:
            made[name] = value
        elif name == "action":
            made[name] = None
        else:
            made.pop(name, None)
    for name, known in (("blocks", BLOCKS), ("show", NUMBERS_TO_SHOW)):
        chosen, had = form.get(name, []), made.get(name) or []
        # Their order is the order they are shown in: what was there keeps its place.
        kept = [value for value in had if value in chosen or value not in known]
        _keep(made, name, kept + [value for value in known if value in chosen and value not in had])


def _read_diagnosis(form: Form, made: Item) -> None:
    _keep(made, "code", one(form, "code"))
    made["definite"] = list(form.get("definite", []))
    _keep(made, "suppresses", list(form.get("suppresses", [])))
    _keep(made, "definite_requires_staff", "definite_requires_staff" in form)
    probable = made.get("probable")
    known = dict(probable) if isinstance(probable, dict) else {}
    name = one(form, "probable.id")
    if not name:
        made.pop("probable", None)
        return
    made["probable"] = {**known, "id": name, "all_but_one_of": list(form.get("probable.of", []))}
    _keep(made["probable"], "name", one(form, "probable.name"))


def _keep(holder: Item, name: str, value: Any) -> None:
    """An empty value is no value: a document without it and one with it empty are told apart by nobody."""
    if value:
        holder[name] = value
    else:
        holder.pop(name, None)


def one(form: Form, name: str) -> str:
    """The first value of a field, without the spaces around it."""
    return (form.get(name) or [""])[0].strip()
