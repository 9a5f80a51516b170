"""Words of FHIR R4 that intake reads and writes: types, operators, extension addresses, value[x]."""

from collections.abc import Mapping
from typing import Any, Final

BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
OURS: Final = "https://waymark.example/fhir/StructureDefinition/"
VARIABLES: Final = "https://waymark.example/fhir/CodeSystem/variables"
LOINC: Final = "http://loinc.org"
ITEM_TYPES: Final = frozenset(
    "group display boolean decimal integer date dateTime time string text url choice open-choice attachment"
    " reference quantity".split()
)
OPERATORS: Final = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
STATUSES: Final = frozenset({"draft", "active", "retired", "unknown"})
HEADER_KEYS: Final = frozenset(
    "resourceType id meta implicitRules language text contained extension modifierExtension url identifier version"
    " name title _title derivedFrom status experimental subjectType date publisher contact description useContext"
    " jurisdiction purpose copyright approvalDate lastReviewDate effectivePeriod code item".split()
)
ITEM_KEYS: Final = frozenset(
    "id extension modifierExtension linkId definition code prefix text _text type enableWhen enableBehavior required"
    " repeats readOnly maxLength answerValueSet answerOption initial item _prefix".split()
)
DOCUMENT_EXTENSIONS: Final = frozenset({BASE + "translation"})
ITEM_EXTENSIONS: Final = frozenset(
    [
        BASE + name
        for name in (
            "minValue",
            "maxValue",
            "maxDecimalPlaces",
            "maxSize",
            "mimeType",
            "questionnaire-itemControl",
            "questionnaire-hidden",
            "questionnaire-unit",
            "questionnaire-unitOption",
            "questionnaire-choiceOrientation",
            "questionnaire-minOccurs",
            "questionnaire-maxOccurs",
            "questionnaire-sliderStepValue",
            "questionnaire-usageMode",
            "entryFormat",
        )
    ]
    + [OURS + "offers-not-sure", OURS + "offers-none"]
)


def short(url: str) -> str:
    """The last part of an extension's or value set's address, for people."""
    return url.rstrip("/").rpartition("/")[2][:80] or "unnamed"


def extensions_of(element: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of an element's extensions, by the short name of each."""
    found: dict[str, Any] = {}
    for extension in element.get("extension") or ():
        if isinstance(extension, Mapping):
            value = value_of(extension)
            name = short(str(extension.get("url")))
            if name in ("questionnaire-minOccurs", "questionnaire-maxOccurs"):
                name = name.removeprefix("questionnaire-")
            if value is not None:
                found[name] = value
    return found


def value_of(element: Mapping[str, Any], prefix: str = "value") -> Any:
    """The value[x] (or answer[x]) of an element: codings as their code, quantities as value and unit."""
    for key, value in element.items():
        if not key.startswith(prefix) or key == prefix:
            continue
        kind = key[len(prefix) :]
        if kind == "Coding":
            return value.get("code") if isinstance(value, Mapping) else None
        if kind == "Quantity":
            if not isinstance(value, Mapping):
                return None
            if prefix == "answer":
                return value.get("value")
            return {"value": value.get("value"), "unit": value.get("code") or value.get("unit") or ""}
        if kind == "Reference":
            return value.get("reference") if isinstance(value, Mapping) else None
        if kind == "CodeableConcept":
            codings = value.get("coding") if isinstance(value, Mapping) else None
            return codings[0].get("code") if codings else None
        return value
    return None


def translations(shadow: Mapping[str, Any]) -> dict[str, str]:
    """Language to text from the translation extensions of a `_text`, `_display` or `_title`."""
    found: dict[str, str] = {}
    for extension in shadow.get("extension") or ():
        if not isinstance(extension, Mapping) or extension.get("url") != BASE + "translation":
            continue
        parts = {part.get("url"): value_of(part) for part in extension.get("extension") or ()}
        if parts.get("lang") and parts.get("content"):
            found[str(parts["lang"])[:2]] = str(parts["content"])
    return found


def item_control(raw: Mapping[str, Any]) -> str:
    """The item control's code (slider, drop-down, check-box, help …), or ""."""
    return str(extensions_of(raw).get("questionnaire-itemControl") or "")


def media_types(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Media types an attachment may have."""
    return tuple(
        str(value_of(extension))
        for extension in raw.get("extension") or ()
        if isinstance(extension, Mapping) and extension.get("url") == BASE + "mimeType"
    )
