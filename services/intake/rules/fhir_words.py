"""Words of FHIR R4 that intake reads and writes: types, operators, extension addresses, value[x]."""

from collections.abc import Mapping
from typing import Any, Final

BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
OURS: Final = "https://waymark.example/fhir/StructureDefinition/"
VARIABLES: Final = "https://waymark.example/fhir/CodeSystem/variables"
#: LOINC codes whose answers are acted on in any questionnaire, whoever wrote it: thoughts of self-harm (PHQ-9 item 9).
LOINC_VARIABLES: Final[Mapping[str, str]] = {"44260-8": "phq9_item9"}
#: Points of LOINC's answers (list LL358-3), for documents that leave them out.
LOINC_POINTS: Final[Mapping[str, int]] = {"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3}
UCUM: Final = "http://unitsofmeasure.org"
ITEM_TYPES: Final = frozenset(
    "group display boolean decimal integer date dateTime time string text url choice open-choice attachment"
    " reference quantity".split()
)
#: Types whose answers are held to a length.
MEASURED: Final = frozenset({"string", "text", "url", "choice", "open-choice"})
OPERATORS: Final = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
STATUSES: Final = frozenset({"draft", "active", "retired", "unknown"})
TRANSLATION: Final = BASE + "translation"
VARIABLE: Final = BASE + "variable"
ENABLED_BY: Final = SDC + "enableWhenExpression"
CALCULATED: Final = SDC + "calculatedExpression"
INITIAL: Final = SDC + "initialExpression"
#: What a questionnaire asks its surroundings for when it is begun; here that is the patient.
LAUNCH: Final = SDC + "launchContext"
#: Expressions: acted on where they can be worked out from the answers, named by `read_expressions` where not.
EXPRESSIONS: Final = frozenset({VARIABLE, ENABLED_BY, CALCULATED, INITIAL})
#: Extension address -> the word `extensions_of` gives its value under.
ITEM_EXTENSIONS: Final[Mapping[str, str]] = {
    **{
        BASE + name: name
        for name in "minValue maxValue minLength regex maxDecimalPlaces maxSize mimeType entryFormat".split()
    },
    **{
        f"{BASE}questionnaire-{name}": name
        for name in (
            "itemControl hidden unit unitOption choiceOrientation minOccurs maxOccurs sliderStepValue usageMode"
            " displayCategory"
        ).split()
    },
    SDC + "minQuantity": "minQuantity",
    SDC + "maxQuantity": "maxQuantity",
    SDC + "openLabel": "openLabel",
    # HL7's own examples write these two by SDC's address.
    SDC + "minOccurs": "minOccurs",
    SDC + "maxOccurs": "maxOccurs",
    OURS + "offers-not-sure": "offers-not-sure",
    OURS + "offers-none": "offers-none",
}
OPTION_EXTENSIONS: Final[Mapping[str, str]] = {
    BASE + "questionnaire-optionExclusive": "optionExclusive",
    BASE + "questionnaire-optionPrefix": "optionPrefix",
    BASE + "ordinalValue": "ordinalValue",
    BASE + "itemWeight": "ordinalValue",
}
CODING_EXTENSIONS: Final[Mapping[str, str]] = {
    BASE + "ordinalValue": "ordinalValue",
    BASE + "itemWeight": "ordinalValue",
}
_WORDS: Final = {**ITEM_EXTENSIONS, **OPTION_EXTENSIONS}
_TRANSLATED: Final = frozenset({TRANSLATION})
#: Where an extension may stand -> addresses that are acted on there.
HONOURED: Final[Mapping[str, frozenset[str]]] = {
    "questionnaire": frozenset({VARIABLE, LAUNCH}),
    "item": frozenset(ITEM_EXTENSIONS) | EXPRESSIONS,
    "answerOption": frozenset(OPTION_EXTENSIONS),
    "coding": frozenset(CODING_EXTENSIONS),
    "item.text": _TRANSLATED,
    "item.prefix": _TRANSLATED,
    "questionnaire.title": _TRANSLATED,
    "coding.display": _TRANSLATED,
    "answerOption.valueString": _TRANSLATED,
}
#: Ways of showing an item that the pages know; others are shown by the item's type, and named as not honoured.
CONTROLS: Final = frozenset(
    "slider drop-down check-box radio-button help body-map text-box flyover prompt header footer unit page"
    " tab-container".split()
)
#: Displays that explain the question around them.
EXPLAINS: Final = frozenset({"help", "flyover", "prompt"})
#: Value sets named so often that their few codes are known here: (system, code, text in English, in Spanish).
_SEX: Final = "http://hl7.org/fhir/administrative-gender"
_YN: Final = "http://terminology.hl7.org/CodeSystem/v2-0136"
KNOWN_SETS: Final[Mapping[str, tuple[tuple[str, str, str, str], ...]]] = {
    "http://hl7.org/fhir/ValueSet/administrative-gender": (
        (_SEX, "male", "Male", "Hombre"),
        (_SEX, "female", "Female", "Mujer"),
        (_SEX, "other", "Other", "Otro"),
        (_SEX, "unknown", "Unknown", "No se sabe"),
    ),
    "http://hl7.org/fhir/ValueSet/yesnodontknow": (
        (_YN, "Y", "Yes", "Sí"),
        (_YN, "N", "No", "No"),
        (
            "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "asked-unknown",
            "Don't know",
            "No sé",
        ),
    ),
    "http://terminology.hl7.org/ValueSet/v2-0136": (
        (_YN, "Y", "Yes", "Sí"),
        (_YN, "N", "No", "No"),
    ),
}


def short(url: str) -> str:
    """The last part of an extension's or value set's address, for people."""
    return url.rstrip("/").rpartition("/")[2][:80] or "unnamed"


def extensions_of(element: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of the extensions known here, by the word each has in `ITEM_EXTENSIONS` and the like."""
    found: dict[str, Any] = {}
    for extension in element.get("extension") or ():
        word = _WORDS.get(str(extension.get("url")))
        value = value_of(extension) if word else None
        if word and value is not None:
            found[word] = value
    return found


def value_of(element: Mapping[str, Any], prefix: str = "value") -> Any:
    """The value[x] (or answer[x]) of an element: codings as their code, quantities as value and unit."""
    for key, value in element.items():
        if not key.startswith(prefix) or key == prefix:
            continue
        kind = key[len(prefix) :]
        if kind == "Coding":
            return value.get("code") or value.get("display")
        if kind == "Quantity":
            return {"value": value.get("value"), "unit": value.get("code") or value.get("unit") or ""}
        if kind == "Reference":
            return value.get("reference")
        if kind == "CodeableConcept":
            codings = value.get("coding")
            return codings[0].get("code") if codings else value.get("text")
        return value
    return None


def translations(shadow: Mapping[str, Any]) -> dict[str, str]:
    """Language to text from the translation extensions of a `_text`, `_display` or `_title`."""
    found: dict[str, str] = {}
    for extension in shadow.get("extension") or ():
        if extension.get("url") != TRANSLATION:
            continue
        parts = {part.get("url"): value_of(part) for part in extension.get("extension") or ()}
        if parts.get("lang") and parts.get("content"):
            found[str(parts["lang"])[:2]] = str(parts["content"])
    return found


def media_types(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Media types an attachment may have."""
    return tuple(
        str(value_of(extension))
        for extension in raw.get("extension") or ()
        if extension.get("url") == BASE + "mimeType"
    )
