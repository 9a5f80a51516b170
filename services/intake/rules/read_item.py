"""One item of a FHIR R4 Questionnaire, compiled; used by `read_questionnaire` for the whole document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.rules import fhir_words as fhir
from services.intake.rules.fhir_shape import Refusal
from services.intake.rules.form import Condition, Item, Option, Texts, Unit

ITEMS_MAX: Final = 2_000
DEPTH_MAX: Final = 12
TEXT_MAX: Final = 4_000
_LINK_ID: Final = re.compile(r"[A-Za-z0-9_.:\-/ ]{1,255}")
_MARKUP: Final = re.compile(
    r"<\s*/?\s*(script|iframe|object|embed|style|svg|on\w+)|javascript:", re.IGNORECASE
)


class QuestionnaireRefused(Exception):
    """The document is not a questionnaire this system can ask; `refusals` has every reason with its path."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} problems in the questionnaire")
        self.refusals = refusals


@dataclass
class Reading:
    """What is found while a document is read: refusals, what is not honoured, and who is where."""

    refusals: list[Refusal] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    by_id: dict[str, Item] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    valuesets: dict[str, list[Any]] = field(default_factory=dict)
    count: int = 0

    def refuse(self, path: str, code: str) -> None:
        self.refusals.append(Refusal(path, code))

    def note_extensions(self, element: Mapping[str, Any], honoured: frozenset[str], where: str) -> None:
        """List extensions that are not honoured; one that changes the meaning is refused."""
        for key in ("extension", "modifierExtension"):
            for extension in element.get(key) or ():
                url = extension.get("url") if isinstance(extension, Mapping) else None
                if url not in honoured:
                    self.dropped.add(f"{where}: {fhir.short(str(url))}")
                if key == "modifierExtension":
                    self.refuse(f"{where}.modifierExtension", "not_understood")


def read_item(raw: Any, path: str, language: str, reading: Reading, depth: int) -> Item | None:
    """Compile one item and what is in it; None when it cannot be (why is in `reading`)."""
    if not _is_item(raw, path, reading, depth):
        return None
    for key in sorted(set(raw) - fhir.ITEM_KEYS):
        reading.dropped.add(f"item: {key}")
    reading.note_extensions(raw, fhir.ITEM_EXTENSIONS, "item")
    text = texts_of(raw, "text", language)
    _check_text(text, f"{path}.text", reading)
    children, help_text = _children(raw, path, language, reading, depth)
    if raw["type"] == "display" and children:
        reading.refuse(f"{path}.item", "display_with_items")
    extensions = fhir.extensions_of(raw)
    _check_bounds(raw["type"], extensions, path, reading)
    repeats = raw.get("repeats") is True
    return Item(
        link_id=raw["linkId"],
        kind=raw["type"],
        text=text,
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
        max_bytes=_bytes(extensions.get("maxSize")),
        media_types=fhir.media_types(raw),
        items=tuple(children),
    )


def _check_bounds(kind: str, extensions: Mapping[str, Any], path: str, reading: Reading) -> None:
    """Limits must be of a kind that answers can be held against."""
    for name, most in (("minOccurs", 1_000), ("maxOccurs", 1_000), ("maxDecimalPlaces", 20)):
        value = extensions.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most
        ):
            reading.refuse(f"{path}.extension", "out_of_range")
    wanted: tuple[type, ...] = (
        (str,) if kind in ("date", "dateTime", "time", "string", "text") else (int, float)
    )
    for name in ("minValue", "maxValue"):
        value = extensions.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, wanted)):
            reading.refuse(f"{path}.extension", "wrong_type")
    size = extensions.get("maxSize")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int | float)):
        reading.refuse(f"{path}.extension", "wrong_type")


def _is_item(raw: Any, path: str, reading: Reading, depth: int) -> bool:
    reading.count += 1
    if reading.count > ITEMS_MAX or depth > DEPTH_MAX:
        if not any(refusal.code == "too_large" for refusal in reading.refusals):
            reading.refuse(path, "too_large")
        return False
    if not isinstance(raw, Mapping):
        reading.refuse(path, "wrong_type")
        return False
    link_id = raw.get("linkId")
    if not isinstance(link_id, str) or not _LINK_ID.fullmatch(link_id):
        reading.refuse(f"{path}.linkId", "missing" if link_id is None else "wrong_type")
        return False
    if link_id in reading.seen:
        reading.refuse(f"{path}.linkId", "duplicate")
        return False
    reading.seen[link_id] = path
    if raw.get("type") not in fhir.ITEM_TYPES:
        reading.refuse(f"{path}.type", "not_in_values")
        return False
    return True


def _check_text(texts: Texts, path: str, reading: Reading) -> None:
    if any(_MARKUP.search(text) for text in texts.values()):
        reading.refuse(path, "script")
    elif any(len(text) > TEXT_MAX for text in texts.values()):
        reading.refuse(path, "too_long")


def _children(
    raw: Mapping[str, Any], path: str, language: str, reading: Reading, depth: int
) -> tuple[list[Item], Texts]:
    """The items inside, and the words of a display item that serves as help."""
    children: list[Item] = []
    help_text: Texts = {}
    for index, child in enumerate(raw.get("item") or ()):
        read = read_item(child, f"{path}.item[{index}]", language, reading, depth + 1)
        if read is not None:
            children.append(read)
            if read.kind == "display" and read.control == "help":
                help_text = read.text
    return children, help_text


def _bytes(megabytes: Any) -> int:
    return int(megabytes * 1_000_000) if isinstance(megabytes, int | float) else 0


def _length(raw: Mapping[str, Any], path: str, reading: Reading) -> int:
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


def texts_of(raw: Mapping[str, Any], key: str, language: str) -> Texts:
    """A text and its translations, by language."""
    found = {language: str(raw[key])} if isinstance(raw.get(key), str) else {}
    shadow = raw.get(f"_{key}")
    if isinstance(shadow, Mapping):
        found |= fhir.translations(shadow)
    return found


def _options(raw: Mapping[str, Any], path: str, language: str, reading: Reading) -> tuple[Option, ...]:
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


def _conditions(raw: Mapping[str, Any], path: str, reading: Reading) -> tuple[Condition, ...]:
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
