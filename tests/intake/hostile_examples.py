"""Questionnaires that must be refused: name, document, the path told, and the code."""

from typing import Any

from tests.intake.fhir_examples import question, questionnaire


def one_item(**more: Any) -> dict[str, Any]:
    return questionnaire("h", [question("a", "string", **more)])


HOSTILE: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "script in an option",
        questionnaire("h", [question("a", "choice", answerOption=[{"valueString": "<script>"}])]),
        "item[0].answerOption[0].valueString",
        "script",
    ),
    ("handler in a prefix", one_item(prefix='<img src=x onerror="a()">'), "item[0].prefix", "script"),
    (
        "script in text that may be styled",
        one_item(
            _text={
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/rendering-xhtml",
                        "valueString": "<style>p {}</style><script>go()</script>",
                    }
                ]
            }
        ),
        "item[0]._text.extension[0].valueString",
        "script",
    ),
    ("script in a title", {**one_item(), "title": "<SCRIPT >x"}, "title", "script"),
    (
        "script in a value set",
        {
            **one_item(),
            "contained": [
                {
                    "resourceType": "ValueSet",
                    "id": "v",
                    "compose": {"include": [{"concept": [{"code": "a", "display": "javascript:x"}]}]},
                }
            ],
        },
        "contained[0].compose.include[0].concept[0].display",
        "script",
    ),
    ("handler behind a slash", one_item(text="<img/src=x/onerror=a()>"), "item[0].text", "script"),
    (
        "script in entities",
        one_item(text='<a href="&#106;ava\tscript:a()">b</a>'),
        "item[0].text",
        "script",
    ),
    ("a page in an address", one_item(text="<a href='data:text/html,x'>b</a>"), "item[0].text", "script"),
    (
        "a header in a version",
        {**one_item(), "version": "1\r\nSet-Cookie: a=b"},
        "version",
        "control_characters",
    ),
    (
        "a megabyte to press",
        one_item(answerOption=[{"valueString": "x" * 10**6}]),
        "item[0].answerOption[0]",
        "too_long",
    ),
    ("a prefix without end", one_item(prefix="x" * 9_000), "item[0].prefix", "too_long"),
    (
        "a number of 300 digits",
        one_item(
            type="decimal",
            extension=[{"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueDecimal": 1e300}],
        ),
        "item[0].extension[0].valueDecimal",
        "wrong_type",
    ),
    (
        "more answers asked than taken",
        one_item(
            repeats=True,
            extension=[
                {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs", "valueInteger": 5},
                {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs", "valueInteger": 2},
            ],
        ),
        "item[0].extension",
        "least_above_most",
    ),
    (
        "answers as FHIR STU3 lists them",
        one_item(type="choice", option=[{"valueCoding": {"code": "a"}}]),
        "item[0].option",
        "other_fhir",
    ),
    ("turned text", one_item(text="a\u202eb"), "item[0].text", "control_characters"),
    ("a bell", one_item(text="a\x07"), "item[0].text", "control_characters"),
    ("text is a list", one_item(text=["a"]), "item[0].text", "wrong_type"),
    ("required is a word", one_item(required="yes"), "item[0].required", "wrong_type"),
    ("items are an object", questionnaire("h", {"linkId": "a"}), "item", "wrong_type"),  # type: ignore[arg-type]
    ("an item is null", questionnaire("h", [None]), "item", "wrong_type"),  # type: ignore[list-item]
    ("a type of R5", one_item(type="coding"), "item[0].type", "other_fhir"),
    ("no type", questionnaire("h", [{"linkId": "a"}]), "item[0].type", "missing"),
    (
        "a date that is none",
        questionnaire(
            "h",
            [
                question("a", "date"),
                question(
                    "b", "string", enableWhen=[{"question": "a", "operator": "=", "answerDate": "31/12/2026"}]
                ),
            ],
        ),
        "item[1].enableWhen[0].answerDate",
        "wrong_type",
    ),
    (
        "two answers to be enabled by",
        questionnaire(
            "h",
            [
                question("a", "date"),
                question(
                    "b",
                    "string",
                    enableWhen=[
                        {"question": "a", "operator": "=", "answerDate": "2026-12-31", "answerString": "x"}
                    ],
                ),
            ],
        ),
        "item[1].enableWhen[0]",
        "more_than_one_value",
    ),
    (
        "no way to combine",
        questionnaire(
            "h",
            [
                question("a", "boolean"),
                question(
                    "b",
                    "string",
                    enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": True}] * 2,
                ),
            ],
        ),
        "item[1].enableBehavior",
        "missing",
    ),
    (
        "enabled by itself",
        questionnaire(
            "h",
            [
                question(
                    "a",
                    "boolean",
                    enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": True}],
                )
            ],
        ),
        "item[0].enableWhen",
        "circular",
    ),
    (
        "a modifier in an option",
        questionnaire(
            "h",
            [
                question(
                    "a", "choice", answerOption=[{"valueString": "x", "modifierExtension": [{"url": "u"}]}]
                )
            ],
        ),
        "item[0].answerOption[0].modifierExtension",
        "not_understood",
    ),
    (
        "least above most",
        one_item(
            type="integer",
            extension=[
                {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 9},
                {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 1},
            ],
        ),
        "item[0].extension",
        "least_above_most",
    ),
    (
        "initial that is no answer",
        one_item(type="integer", initial=[{"valueString": "x"}]),
        "item[0].initial",
        "wrong_type",
    ),
    ("no status", {k: v for k, v in one_item().items() if k != "status"}, "status", "missing"),
]


#: Odd, and valid: linkIds and words that mean something to templates, addresses, databases and scripts.
ODD = [
    "__proto__",
    "constructor",
    "../../../etc/passwd",
    "'; DROP TABLE submission; --",
    '"><b>bold',
    "a.b.0.c",
    "a~2eb",
    "..",
    "_seq",
    "csrf_token",
    "review",
    "caf\u00e9",
    "cafe\u0301",
    "a\u200b",
    "a",
    "a.unit",
    "a.other",
    "{{7*7}}{% raw %}${7*7}<%= 7*7 %>{0}%s",
    "😀" * 60,
    "Z" + "\u0301" * 200,
]
#: Pages that would stand at addresses of our own.
OWN = ["code", "later"]


def odd_but_valid() -> dict[str, Any]:
    """Each of them as a linkId, as the words of its question, and as an answer to choose."""
    items = [question(odd, "string", text=odd) for odd in ODD]
    options = [{"valueCoding": {"system": "urn:x", "code": odd, "display": odd}} for odd in ODD]
    chosen = question("chosen", "choice", text="One of them", answerOption=options)
    pages = [
        ("page", ODD[4], [*items, chosen]),
        *((name, name, [question(f"in-{name}", "string")]) for name in OWN),
    ]
    groups = [{"linkId": name, "type": "group", "text": text, "item": inner} for name, text, inner in pages]
    return questionnaire("odd", groups)
