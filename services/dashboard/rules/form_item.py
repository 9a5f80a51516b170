"""One question as the fields of the editor's page, and back: what the page does not show stays as it was."""

import copy
from typing import Any, Final

from kernel.exact_json import as_written
from kernel.read_whole import read_whole
from services.dashboard.rules.form_edit import CONTROL, HIDDEN, is_help, is_hidden
from services.dashboard.rules.form_options import (
    LANGUAGES,
    MOST_INTEGER,
    Fields,
    option_fields,
    write_options,
)
from services.dashboard.rules.form_texts import set_text, text_in

BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
MAY_BOUND: Final = frozenset({"integer", "decimal", "quantity", "date"})
MAY_MEASURE: Final = frozenset({"string", "text", "url"})


def item_fields(item: dict[str, Any], base: str) -> dict[str, Any]:
    """What the page shows of an item."""
    helping = _help(item)
    return {
        "kind": str(item.get("type") or "choice"),
        "text": {one: text_in(item, "text", one, base) for one in LANGUAGES},
        "help": {one: text_in(helping or {}, "text", one, base) for one in LANGUAGES},
        "required": item.get("required") is True,
        "repeats": item.get("repeats") is True,
        "hidden": is_hidden(item),
        "minimum": _bound(item, "minValue"),
        "maximum": _bound(item, "maxValue"),
        "max_length": item.get("maxLength") or "",
        "options": [option_fields(one, base) for one in item.get("answerOption") or []],
        "value_set": str(item.get("answerValueSet") or ""),
        "any": item.get("enableBehavior") == "any",
    }


def read_item(before: dict[str, Any], form: Fields, base: str) -> dict[str, Any]:
    """The item as the page's fields say it; fields that were not sent change nothing."""
    item = copy.deepcopy(before)
    kind = form.get("kind") or str(item.get("type") or "choice")
    item["type"] = kind
    for language in LANGUAGES:
        if (words := form.get(f"text.{language}")) is not None:
            set_text(item, "text", language, base, words.strip())
    _write_help(item, form, base)
    for flag in ("required", "repeats"):
        item.pop(flag, None)
        if form.get(flag) == "yes" and kind != "display":
            item[flag] = True
    _write_extension(item, HIDDEN, {"valueBoolean": True} if form.get("hidden") == "yes" else None)
    for name, side in (("minimum", "minValue"), ("maximum", "maxValue")):
        if name in form and str(_bound(item, side)) != form[name].strip():
            _write_extension(item, BASE + side, _bound_value(kind, form[name].strip()))
        if kind not in MAY_BOUND:
            _write_extension(item, BASE + side, None)
    length = form.get("max_length", "").strip()
    measured = kind in MAY_MEASURE
    if (measured and "max_length" in form and not length) or (not measured and kind != before.get("type")):
        item.pop("maxLength", None)
    elif measured and (most := read_whole(length, MOST_INTEGER)) is not None:
        item["maxLength"] = most
    write_options(item, before, form, base)
    return item


def _help(item: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in item.get("item") or [] if is_help(one)), None)


def _write_help(item: dict[str, Any], form: Fields, base: str) -> None:
    words = {one: form.get(f"help.{one}", "").strip() for one in LANGUAGES if f"help.{one}" in form}
    if not words:
        return
    helping = _help(item)
    if not any(words.values()):
        if helping is not None:
            item["item"].remove(helping)
            if not item["item"]:
                del item["item"]
        return
    if helping is None:
        concept = {"coding": [{"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}]}
        helping = {
            "linkId": f"{item.get('linkId')}.help",
            "extension": [{"url": CONTROL, "valueCodeableConcept": concept}],
            "type": "display",
        }
        item.setdefault("item", []).insert(0, helping)
    for language, said in words.items():
        set_text(helping, "text", language, base, said)


def _bound(item: dict[str, Any], side: str) -> Any:
    for extension in item.get("extension") or []:
        if extension.get("url") == BASE + side:
            return next((value for key, value in extension.items() if key.startswith("value")), "")
    return ""


def _bound_value(kind: str, words: str) -> dict[str, Any] | None:
    if not words:
        return None
    if kind == "date":
        return {"valueDate": words}
    try:
        return {"valueInteger": int(words)} if kind == "integer" else {"valueDecimal": as_written(words)}
    except ValueError:
        return {"valueString": words}


def _write_extension(item: dict[str, Any], url: str, value: dict[str, Any] | None) -> None:
    kept = [one for one in item.get("extension") or [] if one.get("url") != url]
    if value is not None:
        kept.append({"url": url, **value})
    item.pop("extension", None)
    if kept:
        item["extension"] = kept
