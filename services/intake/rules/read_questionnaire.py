"""FHIR R4 Questionnaire in: checked, compiled to a `Form`, with a list by name of what cannot be honoured."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.intake.rules import fhir_words as fhir
from services.intake.rules.fhir_shape import Refusal, check_shape
from services.intake.rules.form import Form, Item, walk
from services.intake.rules.read_item import (
    TEXT_MAX,
    QuestionnaireRefused,
    Reading,
    read_item,
    texts_of,
)

__all__ = ["QuestionnaireRefused", "Refusal", "read_questionnaire"]


def read_questionnaire(document: Mapping[str, Any]) -> Form:
    """Compile `document`; raises `QuestionnaireRefused` with every problem found."""
    if not isinstance(document, Mapping) or document.get("resourceType") != "Questionnaire":
        raise QuestionnaireRefused([Refusal("resourceType", "not_a_questionnaire")])
    misshapen = check_shape(document)
    if misshapen:
        raise QuestionnaireRefused(misshapen)
    reading = Reading()
    _check_header(document, reading)
    reading.valuesets = _contained(document, reading)
    language = str(document.get("language") or "en")[:2]
    listed = document.get("item")
    if not isinstance(listed, list) or not listed:
        raise QuestionnaireRefused([*reading.refusals, Refusal("item", "missing")])
    top = [read_item(raw, f"item[{i}]", language, reading, 1) for i, raw in enumerate(listed)]
    items = tuple(item for item in top if item is not None)
    _index(items, reading)
    _check_conditions(reading)
    if reading.refusals:
        raise QuestionnaireRefused(reading.refusals)
    return Form(
        url=str(document.get("url") or f"urn:uuid:{document.get('id', 'unnamed')}"),
        version=str(document.get("version") or "1"),
        title=texts_of(document, "title", language),
        pages=as_pages(items),
        by_id=reading.by_id,
        parents=reading.parents,
        not_honoured=tuple(sorted(reading.dropped)),
    )


def as_pages(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """One topic a page: each top-level group is a page; a run of loose questions shares one."""
    pages: list[Item] = []
    for item in items:
        if item.kind == "group" and not item.repeats:
            pages.append(item)
        else:
            pages.append(
                Item(link_id=item.link_id, kind="group", text={}, items=(item,), conditions=item.conditions)
            )
    return tuple(pages)


def _check_header(document: Mapping[str, Any], reading: Reading) -> None:
    if document.get("status") not in fhir.STATUSES:
        reading.refuse("status", "not_in_values")
    for key in ("url", "version", "title", "name", "id"):
        value = document.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX):
            reading.refuse(key, "wrong_type")
    for key in sorted(set(document) - fhir.HEADER_KEYS):
        reading.dropped.add(key if not key.startswith("_") else f"{key[1:]} (extension)")
    reading.note_extensions(document, fhir.DOCUMENT_EXTENSIONS, "questionnaire")


def _contained(document: Mapping[str, Any], reading: Reading) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for index, resource in enumerate(document.get("contained") or ()):
        if not isinstance(resource, Mapping) or resource.get("resourceType") != "ValueSet":
            kind = resource.get("resourceType") if isinstance(resource, Mapping) else "?"
            reading.dropped.add(f"contained: {kind}")
            continue
        codes = list(_valueset_codes(resource))
        if codes:
            found[f"#{resource.get('id')}"] = codes
        else:
            reading.dropped.add(f"contained[{index}]: value set without listed codes")
    return found


def _valueset_codes(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    expansion = resource.get("expansion") or {}
    pending = list(expansion.get("contains") or ())
    while pending:
        entry = pending.pop(0)
        pending = [*(entry.get("contains") or ()), *pending]
        if entry.get("code") and not entry.get("abstract"):
            yield entry
    if expansion.get("contains"):
        return
    for include in (resource.get("compose") or {}).get("include") or ():
        for concept in include.get("concept") or ():
            yield {"system": include.get("system", ""), **concept}


def _index(items: tuple[Item, ...], reading: Reading) -> None:
    for top in items:
        for item in walk(top):
            reading.by_id[item.link_id] = item
            for child in item.items:
                reading.parents[child.link_id] = item.link_id


def _check_conditions(reading: Reading) -> None:
    """Refuse conditions on questions that are not there, or that lead back to themselves."""
    needs: dict[str, set[str]] = {}
    for item in reading.by_id.values():
        needs[item.link_id] = {condition.question for condition in item.conditions}
        parent = reading.parents.get(item.link_id)
        if parent is not None:
            needs[item.link_id].add(parent)
        for index, condition in enumerate(item.conditions):
            target = reading.by_id.get(condition.question)
            if target is None or not target.holds_answer:
                reading.refuse(
                    f"{reading.seen[item.link_id]}.enableWhen[{index}].question", "no_such_question"
                )
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
                reading.refuse(f"{reading.seen[node]}.enableWhen", "circular")
                state[following] = 2
            else:
                trail.append((following, iter(sorted(needs[following]))))
