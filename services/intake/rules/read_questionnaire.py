"""FHIR R4 Questionnaire in: checked, compiled to a `Form`, with a list by name of what cannot be honoured."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from services.intake.rules import fhir_words as fhir
from services.intake.rules.fhir_shape import Refusal, check_shape
from services.intake.rules.form import Form, Item, walk
from services.intake.rules.read_expressions import read_launch, read_variables
from services.intake.rules.read_item import QuestionnaireRefused, Reading, read_item, texts_of
from services.intake.rules.read_options import contained_sets, read_options
from services.intake.rules.split_pages import split_pages

__all__ = ["QuestionnaireRefused", "Refusal", "read_questionnaire"]

ITEMS_MAX: Final = 3_000
DEPTH_MAX: Final = 12
TEXT_MAX: Final = 8_000
_BREAK: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_LINK_ID: Final = re.compile(r"\S(?:[^\x00-\x1f\x7f]{0,253}\S)?")
#: Where FHIR before R4 lists the answers to choose from: without them the question would be another one.
_TYPES_OF_R5: Final = frozenset({"coding", "question"})
_OTHER_FHIR: Final = ("option", "options")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def read_questionnaire(document: Mapping[str, Any]) -> Form:
    """Compile `document`; raises `QuestionnaireRefused` with every problem found."""
    if not isinstance(document, Mapping) or document.get("resourceType") != "Questionnaire":
        raise QuestionnaireRefused([Refusal("resourceType", "not_a_questionnaire")])
    shape = check_shape(document)
    if shape.refusals:
        raise QuestionnaireRefused(shape.refusals)
    language = str(document.get("language") or "en")
    reading = Reading(language=language[:2].lower(), dropped=shape.dropped)
    if not _LANGUAGE.fullmatch(language):
        reading.refuse("language", "not_in_values")
    _check_header(document, reading)
    reading.valuesets = contained_sets(document, reading.dropped)
    _look_over(document, reading)
    if reading.refusals:
        raise QuestionnaireRefused(reading.refusals)
    read_launch(document, reading)
    reading.scope = read_variables(document, "", "questionnaire", reading)
    items = tuple(read_item(raw, f"item[{i}]", reading) for i, raw in enumerate(document["item"]))
    _index(items, reading)
    _refuse_loops(reading)
    if reading.refusals:
        raise QuestionnaireRefused(reading.refusals)
    title = texts_of(document, "title", reading.language)
    return Form(
        url=_address(document, reading),
        version=str(document.get("version") or "1"),
        title=title,
        pages=split_pages(items, title),
        by_id=reading.by_id,
        parents=reading.parents,
        not_honoured=tuple(sorted(reading.dropped)),
        source=document if reading.asks_document else {},
    )


def _address(document: Mapping[str, Any], reading: Reading) -> str:
    """The canonical address; a document that has none gets one from its id, name or title, or from what it asks."""
    own = document.get("id") or document.get("name") or document.get("title")
    own = own or "unnamed:" + json.dumps(sorted(reading.kinds))
    return str(document.get("url") or uuid5(NAMESPACE_URL, f"waymark:{own}").urn)


def _check_header(document: Mapping[str, Any], reading: Reading) -> None:
    if document.get("status") not in fhir.STATUSES:
        reading.refuse("status", "missing" if document.get("status") is None else "not_in_values")
    for key in ("url", "version", "title", "name", "id"):
        value = document.get(key)
        if value is not None and (
            not value.strip() or len(value) > TEXT_MAX or ("|" in value and key != "title")
        ):
            reading.refuse(key, "wrong_type")
        elif value is not None and key != "title" and _BREAK.search(value):
            reading.refuse(key, "control_characters")
    if document.get("implicitRules"):
        reading.dropped.add("questionnaire: implicitRules")


def _look_over(document: Mapping[str, Any], reading: Reading) -> None:
    """Before any item is compiled: how many and how deep, each linkId once, each type known, what each offers."""
    top = document.get("item")
    if not top:
        reading.refuse("item", "missing")
        return
    pending = [(raw, f"item[{i}]", 1) for i, raw in enumerate(top)][::-1]
    count = 0
    while pending:
        raw, path, depth = pending.pop()
        count += 1
        if count > ITEMS_MAX or depth > DEPTH_MAX:
            reading.refusals[:] = [Refusal(path[:300], "too_large")]
            return
        inside = [(one, f"{path}.item[{i}]", depth + 1) for i, one in enumerate(raw.get("item") or ())]
        pending.extend(inside[::-1])
        link_id, kind = raw.get("linkId"), raw.get("type")
        if link_id is None or not _LINK_ID.fullmatch(link_id):
            reading.refuse(f"{path}.linkId", "missing" if link_id is None else "wrong_type")
        elif link_id in reading.kinds:
            reading.refuse(f"{path}.linkId", "duplicate")
        elif kind not in fhir.ITEM_TYPES:
            why = "other_fhir" if kind in _TYPES_OF_R5 else "not_in_values"
            reading.refuse(f"{path}.type", "missing" if kind is None else why)
        else:
            reading.kinds[link_id], reading.paths[link_id] = kind, path
            reading.options[link_id] = read_options(raw, path, reading.language, reading)
        for key in ("text", "prefix"):
            if (
                max((len(said) for said in texts_of(raw, key, reading.language).values()), default=0)
                > TEXT_MAX
            ):
                reading.refuse(f"{path}.{key}", "too_long")
        if later := next((key for key in _OTHER_FHIR if key in raw), None):
            reading.refuse(f"{path}.{later}", "other_fhir")


def _index(items: tuple[Item, ...], reading: Reading) -> None:
    for top in items:
        for item in walk(top):
            reading.by_id[item.link_id] = item
            for child in item.items:
                reading.parents[child.link_id] = item.link_id
            if item.kind == "group" and item.repeats:
                _note_rows(item, reading)


def _note_rows(group: Item, reading: Reading) -> None:
    if any(one.initial is not None and (one.hidden or one.read_only) for one in walk(group)):
        reading.dropped.add("item: initial of a question nobody answers, in a repeating group")


def _refuse_loops(reading: Reading) -> None:
    """Refuse conditions that lead back to themselves."""
    needs: dict[str, set[str]] = {}
    for item in reading.by_id.values():
        needs[item.link_id] = {condition.question for condition in item.conditions}
        parent = reading.parents.get(item.link_id)
        if parent is not None:
            needs[item.link_id].add(parent)
    state: dict[str, int] = {}
    for start, first in needs.items():
        trail = [(start, iter(sorted(first)))]
        while trail:
            node, rest = trail[-1]
            state.setdefault(node, 1)
            following = next((n for n in rest if n in needs and state.get(n) != 2), None)
            if following is None:
                state[node] = 2
                trail.pop()
            elif state.get(following) == 1:
                reading.refuse(f"{reading.paths[node]}.enableWhen", "circular")
                state[following] = 2
            else:
                trail.append((following, iter(sorted(needs[following]))))
