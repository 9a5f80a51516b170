"""The elements of FHIR R4 that a Questionnaire is made of: their keys, and the JSON type behind each."""

import re
from collections.abc import Mapping
from typing import Any, Final

_TEXT = "string"
_EXTENDED = {"id": _TEXT, "extension": "[Extension]"}
_MODIFIED = {**_EXTENDED, "modifierExtension": "[Extension]"}


def _texts(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), _TEXT)


#: Element -> key -> shape: a primitive, an element, "any", or "[…]" for a list of one of them.
ELEMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Questionnaire": {
        **_MODIFIED,
        **_texts(
            "resourceType implicitRules language url version name title status date publisher description purpose"
            " copyright approvalDate lastReviewDate"
        ),
        "meta": "any",
        "text": "object",
        "contained": "[Resource]",
        "identifier": "[any]",
        "derivedFrom": "[string]",
        "experimental": "boolean",
        "subjectType": "[string]",
        "contact": "[any]",
        "useContext": "[any]",
        "jurisdiction": "[any]",
        "effectivePeriod": "object",
        "code": "[Coding]",
        "item": "[Item]",
    },
    "Item": {
        **_MODIFIED,
        **_texts("linkId definition prefix text type enableBehavior answerValueSet"),
        "code": "[Coding]",
        "enableWhen": "[EnableWhen]",
        "required": "boolean",
        "repeats": "boolean",
        "readOnly": "boolean",
        "maxLength": "integer",
        "answerOption": "[Option]",
        "initial": "[Initial]",
        "item": "[Item]",
    },
    "EnableWhen": {**_MODIFIED, **_texts("question operator")},
    "Option": {**_MODIFIED, "initialSelected": "boolean"},
    "Initial": {**_MODIFIED},
    "Coding": {**_EXTENDED, **_texts("system version code display"), "userSelected": "boolean"},
    "Quantity": {**_EXTENDED, **_texts("comparator unit system code"), "value": "decimal"},
    "Reference": {**_EXTENDED, **_texts("reference type display"), "identifier": "object"},
    "CodeableConcept": {**_EXTENDED, "text": _TEXT, "coding": "[Coding]"},
    "Extension": {**_EXTENDED, "url": _TEXT},
    "Resource": {"resourceType": _TEXT, "id": _TEXT, "url": _TEXT},
    "ValueSet": {
        **_texts("resourceType id url version name title status"),
        "compose": "Compose",
        "expansion": "Expansion",
    },
    "Compose": {"include": "[Include]"},
    "Include": {**_texts("system version"), "concept": "[Concept]"},
    "Concept": {**_EXTENDED, **_texts("code display"), "designation": "[Designation]"},
    "Designation": {**_EXTENDED, **_texts("language value")},
    "Expansion": {"contains": "[Contains]"},
    "Contains": {
        **_EXTENDED,
        **_texts("system version code display"),
        "abstract": "boolean",
        "designation": "[Designation]",
        "contains": "[Contains]",
    },
}
#: Elements whose further keys carry no wish towards patients (metadata of a value set, another resource's content).
OPEN: Final = frozenset(
    {"Resource", "ValueSet", "Compose", "Include", "Expansion", "Contains", "Concept", "Designation"}
)
#: How an element is called in the list of what is not honoured.
LABELS: Final[Mapping[str, str]] = {
    "Questionnaire": "questionnaire",
    "Item": "item",
    "EnableWhen": "enableWhen",
    "Option": "answerOption",
    "Initial": "initial",
    "Coding": "coding",
    "Concept": "coding",
    "Contains": "coding",
    "Quantity": "quantity",
    "Reference": "reference",
}
_CHOICES: Final = {"EnableWhen": "answer", "Option": "value", "Initial": "value", "Extension": "value"}
_PRIMITIVE: Final = {
    **dict.fromkeys("String Code Uri Url Canonical Markdown Id Oid Uuid Instant Base64Binary".split(), _TEXT),
    "Boolean": "boolean",
    "Integer": "integer",
    "PositiveInt": "integer",
    "UnsignedInt": "integer",
    "Decimal": "decimal",
    "Date": "date",
    "DateTime": "dateTime",
    "Time": "time",
}
_COMPLEX: Final = {
    **{one: one for one in ("Coding", "Quantity", "Reference", "CodeableConcept")},
    **dict.fromkeys(
        "Attachment Expression Identifier Period Range Ratio Duration Age Money HumanName Address ContactPoint"
        " Annotation Signature Timing UsageContext RelatedArtifact TriggerDefinition DataRequirement"
        " ParameterDefinition ContactDetail Contributor Dosage Meta SampledData Count Distance".split(),
        "object",
    ),
}
#: What R4 lets a question be enabled by, and an answer be chosen or set to.
_ALLOWED: Final = {
    "EnableWhen": frozenset(
        "Boolean Decimal Integer Date DateTime Time String Coding Quantity Reference".split()
    ),
    "Option": frozenset("Integer Date Time String Coding Reference".split()),
    "Initial": frozenset(
        "Boolean Decimal Integer Date DateTime Time String Uri Attachment Coding Quantity Reference".split()
    ),
    "Extension": frozenset({*_PRIMITIVE, *_COMPLEX}),
}
DECIMAL_MAX: Final = 1e18
_DAY: Final = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_WRITTEN: Final = {
    "date": re.compile(_DAY),
    "time": re.compile(r"([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?"),
    "dateTime": re.compile(_DAY + r"(T([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"),
}


def value_shape(kind: str, key: str) -> str | None:
    """The shape behind value[x] or answer[x] of an element; None for a key that is none."""
    prefix = _CHOICES.get(kind)
    if prefix is None or not key.startswith(prefix):
        return None
    suffix = key[len(prefix) :]
    return (_PRIMITIVE.get(suffix) or _COMPLEX.get(suffix)) if suffix in _ALLOWED[kind] else None


def fits(shape: str, value: Any) -> bool:
    """Is `value` of this JSON shape? What is inside lists and objects is looked at one by one."""
    if shape.startswith("["):
        inner = shape.strip("[]")
        return isinstance(value, list) and all(_fits_one(inner, one) for one in value)
    return _fits_one(shape, value)


def _fits_one(shape: str, value: Any) -> bool:
    if shape == "any":
        return True
    if shape == "object" or shape in ELEMENTS:
        return isinstance(value, Mapping)
    if shape == "boolean":
        return isinstance(value, bool)
    if shape == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if shape == "decimal":
        # R4's decimal has 18 digits; what is larger comes back with hundreds of them.
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < DECIMAL_MAX
    if not isinstance(value, str):
        return False
    written = _WRITTEN.get(shape)
    return written is None or written.fullmatch(value) is not None
