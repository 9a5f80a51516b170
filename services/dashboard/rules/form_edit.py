"""Edits of a FHIR R4 Questionnaire document, one at a time; everything an edit does not touch stays as it was."""

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

from services.dashboard.rules.form_texts import TRANSLATION, text_in

Document = dict[str, Any]
VARIABLES: Final = "https://waymark.example/fhir/CodeSystem/variables"
CONTROL: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
HIDDEN: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
#: Item types in a manager's words, in the order they are offered.
KINDS: Final = {
    "choice": "Pick from a list",
    "open-choice": "Pick from a list, or write",
    "boolean": "Yes or no",
    "integer": "Whole number",
    "decimal": "Number",
    "quantity": "Number with a unit",
    "string": "One line of text",
    "text": "Several lines of text",
    "date": "Date",
    "time": "Time",
    "dateTime": "Date and time",
    "url": "Web address",
    "attachment": "File or picture",
    "reference": "Reference to a record",
    "display": "Words only, no question",
    "group": "Page or group of questions",
}


def base_language(document: Document) -> str:
    """The language the document's own texts are in."""
    return str(document.get("language") or "en")[:2].lower()


def walk(items: list[Any], depth: int = 0) -> Iterator[tuple[dict[str, Any], list[Any], int, int]]:
    """Every item with the list it stands in, its place there and its depth, in order."""
    for place, item in enumerate(items):
        if isinstance(item, dict):
            yield item, items, place, depth
            yield from walk(item.get("item") or [], depth + 1)


def find(document: Document, link_id: str) -> tuple[dict[str, Any], list[Any], int] | None:
    """The item, the list it stands in, and its place; None when there is none."""
    for item, around, place, _ in walk(document.get("item") or []):
        if item.get("linkId") == link_id:
            return item, around, place
    return None


def moved(document: Document, link_id: str, step: int) -> Document:
    """The document with the item `step` places down (up, when negative) among its neighbours; same at an end."""
    made = copy.deepcopy(document)
    found = find(made, link_id)
    if found is not None:
        item, around, place = found
        to = place + step
        if 0 <= to < len(around):
            around.insert(to, around.pop(place))
            assert around[to] is item
    return made


def removed(document: Document, link_id: str) -> Document:
    """The document without the item, what is in it, and the conditions elsewhere that asked about them."""
    made = copy.deepcopy(document)
    found = find(made, link_id)
    if found is None:
        return made
    item, around, place = found
    gone = {str(one.get("linkId")) for one, *_ in walk([item])}
    del around[place]
    for one, *_ in walk(made.get("item") or []):
        kept = [when for when in one.get("enableWhen") or [] if when.get("question") not in gone]
        if len(kept) != len(one.get("enableWhen") or []):
            one["enableWhen"] = kept
            if not kept:
                del one["enableWhen"]
                one.pop("enableBehavior", None)
    return made


def placed(document: Document, item: dict[str, Any], *, after: str, into: str) -> Document:
    """The document with a new item: as the last one in the group `into`, or behind `after`, or at the very end."""
    made = copy.deepcopy(document)
    inside, behind = find(made, into), find(made, after)
    if inside is not None:
        inside[0].setdefault("item", []).append(item)
    elif behind is not None:
        behind[1].insert(behind[2] + 1, item)
    else:
        made.setdefault("item", []).append(item)
    return made


def replaced(document: Document, link_id: str, item: dict[str, Any]) -> Document:
    """The document with `item` in the place of the one called `link_id`."""
    made = copy.deepcopy(document)
    found = find(made, link_id)
    if found is not None:
        found[1][found[2]] = item
    return made


def new_link_id(document: Document, words: str) -> str:
    """A linkId of the words, not used in the document yet."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.casefold()).strip("_")[:40] or "question"
    used = {str(item.get("linkId")) for item, *_ in walk(document.get("item") or [])}
    number, name = 1, plain
    while name in used:
        number += 1
        name = f"{plain}_{number}"
    return name


def next_version(version: str) -> str:
    """The version after `version`: the last number in it, one higher."""
    match = re.search(r"(\d+)(\D*)$", version)
    if match is None:
        return f"{version or '1'}.1"
    return f"{version[: match.start()]}{int(match.group(1)) + 1}{match.group(2)}"


def variable_of(item: dict[str, Any]) -> str:
    """The protocol's variable the question fills, or ""."""
    codes = (code for code in item.get("code") or [] if isinstance(code, dict))
    return next((str(code.get("code")) for code in codes if code.get("system") == VARIABLES), "")


def outline(document: Document) -> list[dict[str, Any]]:
    """One row an item, for the list of the editor."""
    base = base_language(document)
    rows = []
    for item, around, place, depth in walk(document.get("item") or []):
        kind = str(item.get("type"))
        rows.append(
            {
                "link_id": str(item.get("linkId")),
                "depth": depth,
                "kind": kind,
                "kind_words": "Part: several pages" if _holds_pages(item) else KINDS.get(kind, kind),
                "is_part": _holds_pages(item),
                "is_page": kind == "group" and _control(item) == "page",
                "en": text_in(item, "text", "en", base),
                "es": text_in(item, "text", "es", base),
                "required": item.get("required") is True,
                "repeats": item.get("repeats") is True,
                "conditions": len(item.get("enableWhen") or []),
                "hidden": is_hidden(item),
                "help": is_help(item),
                "variable": variable_of(item),
                "first": place == 0,
                "last": place == len(around) - 1,
            }
        )
    return rows


def is_hidden(item: dict[str, Any]) -> bool:
    """True for an item no patient is shown."""
    return any(one.get("url") == HIDDEN and one.get("valueBoolean") for one in item.get("extension") or [])


def is_help(item: dict[str, Any]) -> bool:
    """True for words that explain the question around them."""
    return item.get("type") == "display" and _control(item) == "help"


def _holds_pages(item: dict[str, Any]) -> bool:
    """True for a group whose groups are pages: patients see it as a part of the questionnaire."""
    inner = [one for one in item.get("item") or [] if isinstance(one, dict) and one.get("type") == "group"]
    return item.get("type") == "group" and (
        (_control(item) == "tab-container" and bool(inner)) or any(_control(one) == "page" for one in inner)
    )


def _control(item: dict[str, Any]) -> str:
    for one in item.get("extension") or []:
        if one.get("url") == CONTROL:
            codings = (one.get("valueCodeableConcept") or {}).get("coding") or []
            return next((str(coding.get("code")) for coding in codings), "")
    return ""


__all__ = [
    "KINDS",
    "TRANSLATION",
    "Document",
    "find",
    "moved",
    "outline",
    "placed",
    "removed",
    "replaced",
    "walk",
]
