"""FHIR R4 Questionnaires of our own making, one for each feature that real ones use."""

from typing import Any

BASE = "http://hl7.org/fhir/StructureDefinition/"
TYPES = "boolean decimal integer date dateTime time string text url attachment reference quantity".split()
OPTIONS = [
    {"valueCoding": {"system": "urn:x", "code": code, "display": code.upper()}} for code in ("a", "b", "c")
]
ANSWERS: dict[str, dict[str, Any]] = {
    "boolean": {"answerBoolean": True},
    "decimal": {"answerDecimal": 1.5},
    "integer": {"answerInteger": 3},
    "date": {"answerDate": "2026-01-31"},
    "dateTime": {"answerDateTime": "2026-01-31T10:00:00Z"},
    "time": {"answerTime": "10:30:00"},
    "string": {"answerString": "yes"},
    "choice": {"answerCoding": {"system": "urn:x", "code": "b"}},
    "quantity": {"answerQuantity": {"value": 5, "code": "kg"}},
    "reference": {"answerReference": {"reference": "Patient/1"}},
}
VALUES: dict[str, Any] = {
    "boolean": True,
    "decimal": 1.5,
    "integer": 3,
    "date": "2026-01-31",
    "dateTime": "2026-01-31T10:00:00Z",
    "time": "10:30:00",
    "string": "yes",
    "choice": "b",
    "quantity": {"value": 5, "unit": "kg"},
    "reference": "Patient/1",
}


def questionnaire(name: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Questionnaire",
        "url": f"https://example.test/Questionnaire/{name}",
        "version": "1",
        "status": "active",
        "title": name,
        "item": items,
        **more,
    }


def question(link_id: str, kind: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"linkId": link_id, "text": f"Question {link_id}", "type": kind}
    if kind in ("choice", "open-choice") and "answerValueSet" not in more:
        base["answerOption"] = OPTIONS
    return {**base, **more}


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": BASE + name, **value}


def all_examples() -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}

    def add(name: str, items: list[dict[str, Any]], **more: Any) -> None:
        made[name] = questionnaire(name, items, **more)

    for kind in [*TYPES, "choice", "open-choice", "display"]:
        add(f"type-{kind}", [question("q", kind)])
        if kind != "display":
            add(f"required-{kind}", [question("q", kind, required=True)])
            add(f"repeats-{kind}", [question("q", kind, repeats=True)])
    for kind, answer in ANSWERS.items():
        for operator in ("=", "!="):
            when = {"question": "q", "operator": operator, **answer}
            add(
                f"when-{kind}-{'is' if operator == '=' else 'is-not'}",
                [question("q", kind), question("r", "string", enableWhen=[when])],
            )
    for kind in ("decimal", "integer", "date", "quantity"):
        for name, operator in (("more", ">"), ("less", "<"), ("least", ">="), ("most", "<=")):
            when = {"question": "q", "operator": operator, **ANSWERS[kind]}
            add(f"when-{kind}-{name}", [question("q", kind), question("r", "string", enableWhen=[when])])
    exists = {"question": "q", "operator": "exists", "answerBoolean": True}
    other = {"question": "p", "operator": "=", "answerBoolean": True}
    for behavior in ("all", "any"):
        both = question("r", "string", enableWhen=[exists, other], enableBehavior=behavior)
        add(f"behavior-{behavior}", [question("q", "string"), question("p", "boolean"), both])
    add(
        "nested-groups",
        [
            {
                "linkId": "g",
                "type": "group",
                "item": [{"linkId": "h", "type": "group", "item": [question("q", "string")]}],
            }
        ],
    )
    add(
        "repeating-group",
        [
            {
                "linkId": "g",
                "type": "group",
                "repeats": True,
                "item": [question("q", "string"), question("n", "integer")],
            }
        ],
    )
    add("items-under-question", [question("q", "boolean", item=[question("r", "string")])])
    valueset = {
        "resourceType": "ValueSet",
        "id": "vs",
        "status": "active",
        "expansion": {
            "timestamp": "2026-01-01T00:00:00Z",
            "contains": [{"system": "urn:x", "code": "e", "display": "E"}],
        },
    }
    add("contained-expansion", [question("q", "choice", answerValueSet="#vs")], contained=[valueset])
    composed = {
        "resourceType": "ValueSet",
        "id": "vs",
        "status": "active",
        "compose": {"include": [{"system": "urn:x", "concept": [{"code": "k", "display": "K"}]}]},
    }
    add("contained-compose", [question("q", "open-choice", answerValueSet="#vs")], contained=[composed])
    add(
        "initial",
        [
            question("q", "integer", initial=[{"valueInteger": 4}]),
            question("r", "string", initial=[{"valueString": "x"}]),
        ],
    )
    add(
        "initial-selected",
        [question("q", "choice", answerOption=[{**OPTIONS[0], "initialSelected": True}, OPTIONS[1]])],
    )
    add("max-length", [question("q", "string", maxLength=5)])
    add(
        "min-max",
        [
            question(
                "q",
                "integer",
                extension=[extension("minValue", valueInteger=1), extension("maxValue", valueInteger=9)],
            )
        ],
    )
    add(
        "decimal-places",
        [question("q", "decimal", extension=[extension("maxDecimalPlaces", valueInteger=1)])],
    )
    add(
        "units",
        [
            question(
                "q",
                "quantity",
                extension=[
                    extension(
                        "questionnaire-unitOption",
                        valueCoding={"system": "http://unitsofmeasure.org", "code": "kg", "display": "kg"},
                    )
                ],
            )
        ],
    )
    add(
        "occurs",
        [
            question(
                "q",
                "string",
                repeats=True,
                extension=[
                    extension("questionnaire-minOccurs", valueInteger=1),
                    extension("questionnaire-maxOccurs", valueInteger=3),
                ],
            )
        ],
    )
    add(
        "hidden",
        [
            question("q", "string", extension=[extension("questionnaire-hidden", valueBoolean=True)]),
            question("r", "string"),
        ],
    )
    add(
        "control",
        [
            question(
                "q",
                "choice",
                extension=[
                    extension(
                        "questionnaire-itemControl", valueCodeableConcept={"coding": [{"code": "drop-down"}]}
                    )
                ],
            )
        ],
    )
    add("prefix-and-definition", [question("q", "string", prefix="1.", definition="http://example.test/d#q")])
    add("read-only", [question("q", "string", readOnly=True), question("r", "string")])
    add(
        "options-of-integers", [question("q", "choice", answerOption=[{"valueInteger": n} for n in range(3)])]
    )
    add(
        "options-of-strings",
        [question("q", "choice", answerOption=[{"valueString": "one"}, {"valueString": "two"}])],
    )
    add("options-of-dates", [question("q", "choice", answerOption=[{"valueDate": "2026-01-01"}])])
    add(
        "media-types",
        [
            question(
                "q",
                "attachment",
                extension=[
                    extension("maxSize", valueDecimal=1),
                    extension("mimeType", valueCode="image/png"),
                ],
            )
        ],
    )
    translated = {
        "extension": [
            extension(
                "translation",
                extension=[{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Qué?"}],
            )
        ]
    }
    add("translated", [question("q", "string", _text=translated)], language="en")
    return made
