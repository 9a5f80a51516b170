"""One item of a FHIR R4 Questionnaire, compiled; used by `read_questionnaire` for the whole document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.rules import fhir_words as fhir
from services.intake.rules.answer_rows import answer_rows
from services.intake.rules.check_value import fault
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.fhir_shape import Refusal
from services.intake.rules.form import (
    LOINC,
    Expression,
    Item,
    Option,
    Texts,
    Unit,
    Variable,
    field_name,
    walk,
)
from services.intake.rules.read_conditions import read_conditions
from services.intake.rules.read_expressions import read_expression_of, read_variables
from services.intake.rules.read_limits import read_limits

LENGTH_MAX: Final = 10_000
#: Steps to try every expression of a document once, on no answers: a document is read when it is brought in.
READING_STEPS_MAX: Final = 1_000_000


class QuestionnaireRefused(Exception):
    """The document is not a questionnaire this system can ask; `refusals` has every reason with its path."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} problems in the questionnaire")
        self.refusals = refusals


@dataclass
class Reading:
    """What is found while a document is read: refusals, what is not honoured, and who is where."""

    language: str = "en"
    refusals: list[Refusal] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    by_id: dict[str, Item] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    options: dict[str, tuple[Option, ...]] = field(default_factory=dict)
    valuesets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scope: tuple[Variable, ...] = ()
    in_rows: bool = False
    purse: Purse = field(default_factory=lambda: Purse(READING_STEPS_MAX))
    asks_document: bool = False

    def refuse(self, path: str, code: str) -> None:
        self.refusals.append(Refusal(path, code))


def read_item(raw: Mapping[str, Any], path: str, reading: Reading) -> Item:
    """Compile one item and what is in it; what is wrong with it is noted in `reading`.

    The document's shape, its linkIds and types have been checked before.
    """
    kind = str(raw["type"])
    around = reading.scope, reading.in_rows
    reading.in_rows = reading.in_rows or _makes_rows(raw, kind)
    reading.scope = read_variables(raw, raw["linkId"], "item", reading)
    enabled_by = read_expression_of(raw, fhir.ENABLED_BY, reading)
    calculated = _calculated(raw, kind, reading)
    begun = _begun(raw, kind, calculated, reading)
    children = tuple(
        read_item(child, f"{path}.item[{index}]", reading)
        for index, child in enumerate(raw.get("item") or ())
    )
    reading.scope, reading.in_rows = around
    if kind == "display" and children:
        reading.refuse(f"{path}.item", "display_with_items")
    helps = [child.text for child in children if child.kind == "display" and child.control in fhir.EXPLAINS]
    text = texts_of(raw, "text", reading.language)
    if not any(text.values()) and kind not in ("group", "display"):
        # Some publishers leave a question's own text out and write it as the words that fly over its field.
        text, helps = _joined(helps), []
    extensions = fhir.extensions_of(raw)
    limits = read_limits(kind, extensions, raw.get("repeats") is True, path, reading)
    options = reading.options[raw["linkId"]]
    if kind == "choice" and not options:
        if "answerOption" in raw and raw.get("answerValueSet") is None:
            reading.refuse(f"{path}.answerOption", "missing")
        elif raw.get("answerValueSet") is None:
            # R4 lets a choice come without answers; some have them worked out elsewhere. It is asked in words.
            reading.dropped.add("item: a choice without answers to choose from")
        kind = "open-choice"
    item = Item(
        link_id=raw["linkId"],
        name=field_name(raw["linkId"]),
        kind=kind,
        text=text,
        help=_joined(helps),
        prefix=str(raw.get("prefix") or ""),
        required=raw.get("required") is True,
        repeats=raw.get("repeats") is True,
        options=options,
        conditions=read_conditions(raw, path, reading),
        any_condition=raw.get("enableBehavior") == "any",
        variable=_variable(raw),
        codes=tuple((str(c.get("system", "")), str(c.get("code", ""))) for c in raw.get("code") or ()),
        units=_units(raw, reading.language),
        max_length=_length(raw, path, reading),
        min_length=limits.min_length,
        pattern=limits.pattern,
        entry_format=str(extensions.get("entryFormat") or ""),
        minimum=limits.minimum,
        maximum=limits.maximum,
        max_decimals=limits.max_decimals,
        min_rows=limits.min_rows,
        # Answers that can be ticked are as many as there are, unless the document says fewer.
        max_rows=limits.max_rows if "maxOccurs" in extensions else max(limits.max_rows, len(options)),
        offers_not_sure=extensions.get("offers-not-sure") is True,
        offers_none=extensions.get("offers-none") is True,
        hidden=extensions.get("hidden") is True or str(extensions.get("usageMode")).startswith("display"),
        read_only=raw.get("readOnly") is True or calculated is not None,
        control=_control(extensions, reading),
        horizontal=extensions.get("choiceOrientation") == "horizontal",
        step=limits.step,
        other_label=str(extensions.get("openLabel") or ""),
        max_bytes=limits.max_bytes,
        media_types=fhir.media_types(raw),
        enabled_by=enabled_by,
        calculated=calculated,
        begun=begun,
        items=children,
    )
    item = _with_initial(item, raw, path, reading)
    if not item.repeats or not _makes_rows(raw, kind) or kind == "group":
        return item
    link_id = f"{item.link_id}~rows"
    rows = answer_rows(item, link_id) if link_id not in reading.kinds else None
    if rows is None:
        reading.dropped.add("item: questions under a repeating question, asked once")
        return item
    reading.kinds[link_id], reading.paths[link_id] = "group", path
    if rows.initial is None and any(one.initial is not None for one in walk(rows)):
        reading.dropped.add("item: initial under a repeating question that begins empty")
    return rows


def _makes_rows(raw: Mapping[str, Any], kind: str) -> bool:
    """Has it several answers, each with questions of its own: a group that repeats, a question with some under it?"""
    under = any(child.get("type") != "display" for child in raw.get("item") or ())
    return raw.get("repeats") is True and (kind == "group" or under)


def _calculated(raw: Mapping[str, Any], kind: str, reading: Reading) -> Expression | None:
    """What works the item's answer out. What the protocol reads is always a person's answer."""
    found = read_expression_of(raw, fhir.CALCULATED, reading)
    if found is None:
        return None
    if kind in ("group", "display", "attachment") or _variable(raw):
        why = "on what the protocol reads" if _variable(raw) else f"on {kind}"
        reading.dropped.add(f"item: {fhir.short(fhir.CALCULATED)}: {why}")
        return None
    if raw.get("readOnly") is not True:
        reading.dropped.add("item: a calculated answer that may be changed by hand")
    return found


def _begun(
    raw: Mapping[str, Any], kind: str, calculated: Expression | None, reading: Reading
) -> Expression | None:
    """What works the item's first answer out. What the protocol reads a person is shown, to keep or to change."""
    found = read_expression_of(raw, fhir.INITIAL, reading)
    if found is None:
        return None
    extensions = fhir.extensions_of(raw)
    unseen = raw.get("readOnly") is True or extensions.get("hidden") is True
    name = f"item: {fhir.short(fhir.INITIAL)}"
    if kind in ("group", "display", "attachment"):
        reading.dropped.add(f"{name}: on {kind}")
    elif _variable(raw) and unseen:
        reading.dropped.add(f"{name}: on what the protocol reads")
    elif calculated is not None:
        reading.dropped.add(f"{name}: beside a calculated answer")
    else:
        return found
    return None


def _control(extensions: Mapping[str, Any], reading: Reading) -> str:
    control = str(extensions.get("itemControl") or "")
    if control and control not in fhir.CONTROLS:
        reading.dropped.add(f"item: itemControl {control[:64]}")
    return control


def _joined(helps: list[Texts]) -> Texts:
    languages = {language for texts in helps for language in texts}
    return {one: " ".join(texts[one] for texts in helps if one in texts) for one in sorted(languages)}


def _length(raw: Mapping[str, Any], path: str, reading: Reading) -> int:
    given = raw.get("maxLength")
    if given is None:
        return 255 if raw.get("type") == "string" else LENGTH_MAX
    if given < 1:
        reading.refuse(f"{path}.maxLength", "out_of_range")
        return 1
    if raw["type"] not in fhir.MEASURED:
        reading.dropped.add(f"item: maxLength of {raw['type']}")
    return min(int(given), LENGTH_MAX)


def _variable(raw: Mapping[str, Any]) -> str:
    for coding in raw.get("code") or ():
        if coding.get("system") == fhir.VARIABLES:
            return str(coding.get("code") or "")
    codes = [c.get("code") for c in raw.get("code") or () if c.get("system") == LOINC]
    return next((fhir.LOINC_VARIABLES[code] for code in codes if code in fhir.LOINC_VARIABLES), "")


def texts_of(raw: Mapping[str, Any], key: str, language: str) -> Texts:
    """A text and its translations, by language."""
    found = {language: str(raw[key])} if isinstance(raw.get(key), str) else {}
    shadow = raw.get(f"_{key}")
    if isinstance(shadow, Mapping):
        found |= fhir.translations(shadow)
    return found


def _units(raw: Mapping[str, Any], language: str) -> tuple[Unit, ...]:
    """Units to answer in; the one unit of a number question is shown behind its field."""
    units: dict[str, Unit] = {}
    for extension in raw.get("extension") or ():
        word = fhir.ITEM_EXTENSIONS.get(str(extension.get("url")))
        coding = extension.get("valueCoding")
        if word in ("unit", "unitOption") and coding is not None:
            code = str(coding.get("code") or coding.get("display") or "")
            texts = {language: str(coding.get("display") or code)}
            texts |= fhir.translations(coding.get("_display") or {})
            if code:
                units.setdefault(code, Unit(code, texts, str(coding.get("system") or "")))
    return tuple(units.values())


def _with_initial(item: Item, raw: Mapping[str, Any], path: str, reading: Reading) -> Item:
    """The item with what it is answered with at first; a value that is no answer to it is refused."""
    entries = [entry for entry in raw.get("initial") or () if not _is_only_a_unit(entry)]
    if len(entries) < len(raw.get("initial") or ()):
        reading.dropped.add("item: initial unit without a number")
    values = [_initial(item, entry) for entry in entries]
    values += [option.code for option in item.options if option.initial]
    values = [value for value in values if value is not None]
    if not values:
        return item
    if item.kind in ("group", "display"):
        reading.refuse(f"{path}.initial", "no_question")
        return item
    if item.kind == "attachment":
        reading.dropped.add("item: initial file")
        return item
    initial = values if item.repeats else values[0]
    if not item.repeats and len(values) > 1:
        reading.dropped.add("item: more than one initial value")
    if code := fault(item, initial):
        reading.refuse(f"{path}.initial", code)
        return item
    return _set(item, initial)


def _is_only_a_unit(entry: Mapping[str, Any]) -> bool:
    """LHC-Forms writes the unit to begin with as an amount without a number: no answer, and no mistake."""
    amount = entry.get("valueQuantity")
    return isinstance(amount, Mapping) and amount.get("value") is None


def _initial(item: Item, entry: Mapping[str, Any]) -> Any:
    value = fhir.value_of(entry)
    if item.kind in ("string", "text") and "valueCoding" in entry:
        # Meant as words: the code says nothing to a patient.
        value = entry["valueCoding"].get("display") or value
    if item.options and value is not None and item.kind in ("choice", "open-choice"):
        coding = entry.get("valueCoding") or {}
        said = str(value)
        same = [one for one in item.options if said in (one.code, one.own_code)]
        exact = [one for one in same if one.system == coding.get("system", one.system)]
        return (exact or same)[0].code if same else {"text": said} if item.kind == "open-choice" else said
    if item.kind == "open-choice" and value is not None:
        # There is nothing to choose from: it stands there in words.
        return {"text": str((entry.get("valueCoding") or {}).get("display") or value)}
    return value


def _set(item: Item, initial: Any) -> Item:
    values = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return Item(**{**values, "initial": initial})
