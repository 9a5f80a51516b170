"""FHIR R4 Questionnaire in: checked, compiled to a `Form`, with a list by name of what cannot be honoured."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.rules import fhir_words as fhir
from services.intake.rules.form import Condition, Form, Item, Option, Texts, Unit, walk

ITEMS_MAX: Final = 2_000
DEPTH_MAX: Final = 12
TEXT_MAX: Final = 4_000
_LINK_ID: Final = re.compile(r"[A-Za-z0-9_.:\-/ ]{1,255}")
_MARKUP: Final = re.compile(
    r"<\s*/?\s*(script|iframe|object|embed|style|svg|on\w+)|javascript:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong with a document: where, and a stable code."""

    path: str
    code: str


class QuestionnaireRefused(Exception):
    """The document is not a questionnaire this system can ask; `refusals` has every reason with its path."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} problems in the questionnaire")
        self.refusals = refusals


@dataclass
class _Reading:
    refusals: list[Refusal] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    by_id: dict[str, Item] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    valuesets: dict[str, list[Any]] = field(default_factory=dict)
    count: int = 0

    def refuse(self, path: str, code: str) -> None:
        self.refusals.append(Refusal(path, code))


def read_questionnaire(document: Mapping[str, Any]) -> Form:
    """Compile `document`; raises `QuestionnaireRefused` with every problem found."""
    reading = _Reading()
    if not isinstance(document, Mapping) or document.get("resourceType") != "Questionnaire":
        raise QuestionnaireRefused([Refusal("resourceType", "not_a_questionnaire")])
    _check_header(document, reading)
    reading.valuesets = _contained(document, reading)
    language = str(document.get("language") or "en")[:2]
    listed = document.get("item")
    if not isinstance(listed, list) or not listed:
        raise QuestionnaireRefused([*reading.refusals, Refusal("item", "missing")])
    top = [_item(raw, f"item[{i}]", language, reading, 1) for i, raw in enumerate(listed)]
    items = tuple(item for item in top if item is not None)
    _index(items, reading)
    _check_conditions(reading)
    if reading.refusals:
        raise QuestionnaireRefused(reading.refusals)
    return Form(
        url=str(document.get("url") or f"urn:uuid:{document.get('id', 'unnamed')}"),
        version=str(document.get("version") or "1"),
        title=_texts(document, "title", language),
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


def _check_header(document: Mapping[str, Any], reading: _Reading) -> None:
    if document.get("status") not in fhir.STATUSES:
        reading.refuse("status", "not_in_values")
    for key in ("url", "version", "title", "name", "id"):
        value = document.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX):
            reading.refuse(key, "wrong_type")
    for key in sorted(set(document) - fhir.HEADER_KEYS):
        reading.dropped.add(key if not key.startswith("_") else f"{key[1:]} (extension)")
    _note_extensions(document, fhir.DOCUMENT_EXTENSIONS, "questionnaire", reading)


def _note_extensions(
    element: Mapping[str, Any], honoured: frozenset[str], where: str, reading: _Reading
) -> None:
    for key in ("extension", "modifierExtension"):
        for extension in element.get(key) or ():
            url = extension.get("url") if isinstance(extension, Mapping) else None
            if url not in honoured:
                reading.dropped.add(f"{where}: {fhir.short(str(url))}")
            if key == "modifierExtension":
                reading.refuse(f"{where}.modifierExtension", "not_understood")


def _contained(document: Mapping[str, Any], reading: _Reading) -> dict[str, list[Any]]:
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


def _item(raw: Any, path: str, language: str, reading: _Reading, depth: int) -> Item | None:
    reading.count += 1
    if reading.count > ITEMS_MAX or depth > DEPTH_MAX:
        if not any(refusal.code == "too_large" for refusal in reading.refusals):
            reading.refuse(path, "too_large")
        return None
    if not isinstance(raw, Mapping):
        reading.refuse(path, "wrong_type")
        return None
    link_id, kind = raw.get("linkId"), raw.get("type")
    if not isinstance(link_id, str) or not _LINK_ID.fullmatch(link_id):
        reading.refuse(f"{path}.linkId", "missing" if link_id is None else "wrong_type")
        return None
    if link_id in reading.seen:
        reading.refuse(f"{path}.linkId", "duplicate")
        return None
    reading.seen[link_id] = path
    if kind not in fhir.ITEM_TYPES:
        reading.refuse(f"{path}.type", "not_in_values")
        return None
    for key in sorted(set(raw) - fhir.ITEM_KEYS):
        reading.dropped.add(f"item: {key}")
    _note_extensions(raw, fhir.ITEM_EXTENSIONS, "item", reading)
    texts = _texts(raw, "text", language)
    if any(_MARKUP.search(text) or len(text) > TEXT_MAX for text in texts.values()):
        reading.refuse(
            f"{path}.text", "script" if any(_MARKUP.search(t) for t in texts.values()) else "too_long"
        )
    children, help_text = [], {}
    for index, child in enumerate(raw.get("item") or ()):
        read = _item(child, f"{path}.item[{index}]", language, reading, depth + 1)
        if read is not None and read.kind == "display" and read.control == "help":
            help_text = dict(read.text)
        if read is not None:
            children.append(read)
    if kind == "display" and children:
        reading.refuse(f"{path}.item", "display_with_items")
    extensions = fhir.extensions_of(raw)
    for code in ("minOccurs", "maxOccurs"):
        if isinstance(extensions.get(code), int) and extensions[code] < 0:
            reading.refuse(f"{path}.extension", "out_of_range")
    repeats = raw.get("repeats") is True
    return Item(
        link_id=link_id,
        kind=kind,
        text=texts,
        help=help_text,
        prefix=str(raw.get("prefix") or ""),
        required=raw.get("required") is True,
        repeats=repeats,
        options=_options(raw, path, language, reading),
        conditions=_conditions(raw, path, reading),
        any_condition=raw.get("enableBehavior") == "any",
        variable=_variable(raw),
        codes=tuple((str(c.get("system", "")), str(c.get("code", ""))) for c in raw.get("code") or ()),
        units=_units(raw, language),
        minimum=extensions.get("minValue"),
        maximum=extensions.get("maxValue"),
        max_length=_length(raw, path, reading),
        max_decimals=extensions.get("maxDecimalPlaces"),
        min_rows=extensions.get("minOccurs") or 0,
        max_rows=extensions.get("maxOccurs") or (20 if repeats else 1),
        offers_not_sure=bool(extensions.get("offers-not-sure")),
        offers_none=bool(extensions.get("offers-none")),
        initial=_initial(raw),
        hidden=bool(extensions.get("questionnaire-hidden")),
        read_only=raw.get("readOnly") is True,
        control=fhir.item_control(raw),
        max_bytes=int(float(extensions.get("maxSize") or 0) * 1_000_000),
        media_types=fhir.media_types(raw),
        items=tuple(children),
    )


def _length(raw: Mapping[str, Any], path: str, reading: _Reading) -> int:
    given = raw.get("maxLength")
    if given is None:
        return 255 if raw.get("type") == "string" else 10_000
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        reading.refuse(f"{path}.maxLength", "out_of_range")
        return 1
    return min(given, 10_000)


def _variable(raw: Mapping[str, Any]) -> str:
    for coding in raw.get("code") or ():
        if isinstance(coding, Mapping) and coding.get("system") == fhir.VARIABLES:
            return str(coding.get("code", ""))
    return ""


def _texts(raw: Mapping[str, Any], key: str, language: str) -> Texts:
    found = {language: str(raw[key])} if isinstance(raw.get(key), str) else {}
    shadow = raw.get(f"_{key}")
    if isinstance(shadow, Mapping):
        found |= fhir.translations(shadow)
    return found


def _options(raw: Mapping[str, Any], path: str, language: str, reading: _Reading) -> tuple[Option, ...]:
    options: list[Option] = []
    for index, entry in enumerate(raw.get("answerOption") or ()):
        option = _option(entry, language) if isinstance(entry, Mapping) else None
        if option is None:
            reading.refuse(f"{path}.answerOption[{index}]", "wrong_type")
        else:
            options.append(option)
    reference = raw.get("answerValueSet")
    if reference is not None and not options:
        listed = reading.valuesets.get(str(reference))
        if listed is None:
            reading.dropped.add(f"answerValueSet not contained: {fhir.short(str(reference))}")
        else:
            options = [o for entry in listed if (o := _option({"valueCoding": entry}, language))]
    codes = [option.code for option in options]
    if len(set(codes)) != len(codes):
        reading.refuse(f"{path}.answerOption", "duplicate")
    if raw.get("type") == "choice" and not options and reference is None:
        reading.refuse(f"{path}.answerOption", "missing")
    return tuple(options)


def _option(entry: Mapping[str, Any], language: str) -> Option | None:
    extensions = fhir.extensions_of(entry)
    exclusive = bool(extensions.get("questionnaire-optionExclusive"))
    initial = entry.get("initialSelected") is True
    coding = entry.get("valueCoding")
    if isinstance(coding, Mapping) and coding.get("code") is not None:
        texts = {language: str(coding.get("display") or coding["code"])}
        if isinstance(coding.get("_display"), Mapping):
            texts |= fhir.translations(coding["_display"])
        texts |= {d["language"][:2]: d["value"] for d in coding.get("designation") or () if "language" in d}
        score = fhir.extensions_of(coding).get("ordinalValue", extensions.get("ordinalValue"))
        return Option(str(coding["code"]), str(coding.get("system", "")), texts, exclusive, initial, score)
    for key in ("valueString", "valueInteger", "valueDate", "valueTime"):
        if key in entry:
            return Option(str(entry[key]), "", {language: str(entry[key])}, exclusive, initial)
    reference = entry.get("valueReference")
    if isinstance(reference, Mapping) and reference.get("reference"):
        said = str(reference.get("display") or reference["reference"])
        return Option(str(reference["reference"]), "", {language: said}, exclusive, initial)
    return None


def _units(raw: Mapping[str, Any], language: str) -> tuple[Unit, ...]:
    units = []
    for extension in raw.get("extension") or ():
        if not isinstance(extension, Mapping):
            continue
        if fhir.short(str(extension.get("url"))) in ("questionnaire-unitOption", "questionnaire-unit"):
            coding = extension.get("valueCoding") or {}
            texts = {language: str(coding.get("display") or coding.get("code"))}
            if isinstance(coding.get("_display"), Mapping):
                texts |= fhir.translations(coding["_display"])
            units.append(Unit(str(coding.get("code") or ""), texts))
    return tuple(units)


def _initial(raw: Mapping[str, Any]) -> Any:
    values = [fhir.value_of(entry) for entry in raw.get("initial") or () if isinstance(entry, Mapping)]
    values = [value for value in values if value is not None]
    if raw.get("repeats") is True:
        return values or None
    return values[0] if values else None


def _conditions(raw: Mapping[str, Any], path: str, reading: _Reading) -> tuple[Condition, ...]:
    found = []
    listed = raw.get("enableWhen") or ()
    for index, entry in enumerate(listed):
        at = f"{path}.enableWhen[{index}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("question"), str):
            reading.refuse(f"{at}.question", "missing")
        elif entry.get("operator") not in fhir.OPERATORS:
            reading.refuse(f"{at}.operator", "not_in_values")
        elif (answer := fhir.value_of(entry, "answer")) is None:
            reading.refuse(f"{at}.answer", "missing")
        elif entry["operator"] == "exists" and not isinstance(answer, bool):
            reading.refuse(f"{at}.answer", "wrong_type")
        else:
            found.append(Condition(entry["question"], entry["operator"], answer))
    if len(listed) > 1 and raw.get("enableBehavior") not in ("all", "any"):
        reading.refuse(f"{path}.enableBehavior", "missing")
    return tuple(found)


def _index(items: tuple[Item, ...], reading: _Reading) -> None:
    for top in items:
        for item in walk(top):
            reading.by_id[item.link_id] = item
            for child in item.items:
                reading.parents[child.link_id] = item.link_id


def _check_conditions(reading: _Reading) -> None:
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
