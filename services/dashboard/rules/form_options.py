"""The answers a question offers, as lines of the editor's page, and back."""

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from kernel.read_whole import read_whole
from services.dashboard.rules.form_texts import set_text, text_in

ANSWERS: Final = "https://waymark.example/fhir/CodeSystem/answers"
LANGUAGES: Final = ("en", "es")
CODED: Final = frozenset({"choice", "open-choice"})
#: R4 lets these list what may be answered too, each with values of its own.
VALUED: Final = {
    "string": "valueString",
    "integer": "valueInteger",
    "date": "valueDate",
    "time": "valueTime",
}
BLANK_OPTIONS: Final = 3
#: As FHIR has integers; what the owner takes of them it says itself.
MOST_INTEGER: Final = 2_147_483_647
MOST_OPTIONS: Final = 9_999
_NO_SECONDS: Final = re.compile(r"\d\d:\d\d")
Fields = Mapping[str, str]
Option = dict[str, Any]


def may_offer(kind: str, options: list[Any]) -> bool:
    """Does the page show lines of answers for this kind? Also for others a publisher listed answers under."""
    return kind in CODED or kind in VALUED or bool(options)


def option_fields(option: Option, base: str) -> dict[str, str]:
    """One line of the page: the code (what has none is its own), and the words in each language."""
    element, key = _worded(option)
    shown = {one: text_in(element, key, one, base) for one in LANGUAGES}
    if element is option:
        value = str(option.get(key, ""))
        # A date or a number reads the same in every language; a document in a third one shows its own words.
        return {"code": value, **(shown if any(shown.values()) else {**shown, "en": value})}
    code = str(element.get("code") or element.get("reference") or "")
    # Publishers leave the words of a code out; on the page it has to be seen all the same.
    return {"code": code, **(shown if any(shown.values()) else {**shown, base: code})}


def write_options(item: dict[str, Any], before: Mapping[str, Any], form: Fields, base: str) -> None:
    """Options in the order of the page; one whose words were taken away goes, new ones get a code of their own.

    Lines that were drawn for another kind of answer say nothing about this one, and its options go.
    """
    kind, was = str(item["type"]), str(before.get("type") or item["type"])
    if kind != was and not {kind, was} <= CODED:
        for name in ("answerOption", "answerValueSet"):
            item.pop(name, None)
    drawn_for = form.get("options_for", kind)
    if "options" not in form or (drawn_for != kind and not {kind, drawn_for} <= CODED):
        return
    listed = list(item.get("answerOption") or [])
    made: list[Option] = []
    for number in range(read_whole(form["options"], MOST_OPTIONS) or 0):
        names = {one: f"option.{number}.{one}" for one in LANGUAGES}
        words = {one: form[name].strip() for one, name in names.items() if name in form}
        old = listed[number] if number < len(listed) else None
        shown = option_fields(old, base) if old is not None else {}
        if old is not None and all(said == shown[one].strip() for one, said in words.items()):
            made.append(copy.deepcopy(old))
        elif any(words.values()):
            made.append(_option(old, words, base, kind=kind, listed=listed, made=made))
    item.pop("answerOption", None)
    if made:
        item["answerOption"] = made
        item.pop("answerValueSet", None)


def _worded(option: Option) -> tuple[dict[str, Any], str]:
    """Where an option's words stand: the element, and the key in it."""
    for name in ("valueCoding", "valueReference"):
        if isinstance(option.get(name), dict):
            return option[name], "display"
    return option, next((key for key in option if key.startswith("value")), "valueString")


def _option(
    old: Option | None, words: Fields, base: str, *, kind: str, listed: list[Option], made: list[Option]
) -> Option:
    option = copy.deepcopy(old) if old is not None else _fresh(kind, listed)
    element, key = _worded(option)
    for language, said in words.items():
        if element is not option or (key == "valueString" and language != base):
            set_text(element, key, language, base, said)
    if element is not option:
        if old is None:
            element["code"] = _free_code(words.get(base) or words["en"], made)
        return option
    # Its value is the option: with the words in the other language alone, it stays.
    said = words.get(base) or ("" if key == "valueString" else next(iter(words.values())))
    if said or old is None:
        option[key] = _value(key, said or next(one for one in words.values() if one))
    return option


def _fresh(kind: str, listed: list[Option]) -> Option:
    """A new option is of the sort its neighbours are; the first is as its question's kind wants it."""
    key = next((_worded(one)[1] for one in listed), "display" if kind in CODED else VALUED.get(kind))
    if key not in (None, "display"):
        return {str(key): ""}
    systems = [(one.get("valueCoding") or {}).get("system") for one in listed]
    return {"valueCoding": {"system": next((str(one) for one in systems if one), ANSWERS)}}


def _value(key: str, said: str) -> str | int:
    """The value as FHIR writes it; what is none is left as it was typed, for the owner to refuse by its place."""
    if key == "valueInteger":
        number = read_whole(said.removeprefix("-"), MOST_INTEGER)
        return said if number is None else -number if said.startswith("-") else number
    return f"{said}:00" if key == "valueTime" and _NO_SECONDS.fullmatch(said) else said


def _free_code(words: str, made: list[Option]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", words.casefold()).strip("_")[:40] or "answer"
    used = {str((one.get("valueCoding") or {}).get("code")) for one in made}
    number, code = 1, plain
    while code in used:
        number += 1
        code = f"{plain}_{number}"
    return code
