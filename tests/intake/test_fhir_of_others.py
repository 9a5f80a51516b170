"""Documents as publishers share them, hostile ones, and any at all: taken with a list, or refused with the path."""

import copy
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.rules.branching import Branching, unanswered, without_hidden
from services.intake.rules.check_value import fault
from services.intake.rules.fhir_words import HONOURED, ITEM_TYPES, OPERATORS
from services.intake.rules.read_page import read_page
from services.intake.rules.read_questionnaire import QuestionnaireRefused, read_questionnaire
from tests.intake.conftest import MANAGER, NURSE, Clinic
from tests.intake.fhir_examples import all_examples, question, questionnaire
from tests.intake.publisher_examples import NOT_HONOURED, PUBLISHED


@pytest.mark.capability("I18")
@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_ones_are_taken_with_a_list_of_what_is_not_done(name: str) -> None:
    form = read_questionnaire(copy.deepcopy(PUBLISHED[name]))
    assert set(form.not_honoured) == NOT_HONOURED[name]
    shown = [page.name for page in Branching(form, {}).open_pages()]
    assert shown
    assert all(part.isascii() and "/" not in part and " " not in part for part in shown)


@pytest.mark.capability("I18")
def test_published_ones_come_back_as_they_went_in(clinic: Clinic) -> None:
    for document in PUBLISHED.values():
        draft = clinic.call("POST", "/questionnaire-drafts", document, actor=NURSE)
        assert draft.status_code == 201, draft.text
        version = draft.get_json()["version"]
        path = f"/questionnaire-drafts/{draft.get_json()['id']}/publish"
        done = clinic.call("POST", path, {}, actor=MANAGER, version=version)
        assert done.status_code == 200, done.text
        address = done.get_json()["questionnaire"].partition("|")[0]
        (one,) = clinic.get(f"/questionnaires?url={address}")["items"]
        assert one["document"] == document


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
    ("a type of R5", one_item(type="coding"), "item[0].type", "not_in_values"),
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


@pytest.mark.capability("I18")
@pytest.mark.parametrize(("name", "document", "path", "code"), HOSTILE, ids=[one[0] for one in HOSTILE])
def test_hostile_ones_are_refused_with_the_path(
    name: str, document: dict[str, Any], path: str, code: str
) -> None:
    with pytest.raises(QuestionnaireRefused) as refused:
        read_questionnaire(document)
    assert (path, code) in [(one.path, one.code) for one in refused.value.refusals]


@pytest.mark.capability("I18")
def test_what_a_later_fhir_adds_is_named() -> None:
    later = one_item(disabledDisplay="hidden", answerConstraint="optionsOnly")
    form = read_questionnaire({**later, "versionAlgorithmString": "semver", "copyrightLabel": "x"})
    assert set(form.not_honoured) == {
        "item: answerConstraint",
        "item: disabledDisplay",
        "questionnaire: copyrightLabel",
        "questionnaire: versionAlgorithmString",
    }
    dated = one_item(type="date")
    today = {
        "url": "http://hl7.org/fhir/StructureDefinition/cqf-expression",
        "valueExpression": {"language": "text/cql"},
    }
    dated["item"][0]["extension"] = [
        {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "_valueDate": {"extension": [today]}}
    ]
    assert read_questionnaire(dated).not_honoured == ("minValue: cqf-expression",)


@pytest.mark.capability("I18")
def test_two_megabytes_are_read_and_five_are_not(clinic: Clinic) -> None:
    answers = [
        {"valueCoding": {"system": "urn:x", "code": f"c{n}", "display": "Answer " + "x" * 60}}
        for n in range(20)
    ]
    items = [question(f"q{n}", "choice", answerOption=answers) for n in range(800)]
    large = questionnaire("large", [{"linkId": "g", "type": "group", "item": items}])
    began = time.monotonic()
    answer = clinic.call("POST", "/questionnaires/check", large, actor=MANAGER)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.get_json()["items"] == 801
    assert int(answer.request.headers["Content-Length"]) > 1_800_000
    assert time.monotonic() - began < 60, "bounded, however busy the machine"
    too_large = {**large, "description": "x" * 4_300_000}
    assert clinic.call("POST", "/questionnaires/check", too_large, actor=MANAGER).status_code == 413


@pytest.mark.capability("I18")
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\xef\xbb\xbf" + b'{"resourceType": "Questionnaire"}', 400),
        (b'{"resourceType": "Bundle"}', 422),
        (b'{"resourceType": "Questionnaire"}', 422),
        (b'{"resourceType": "Questionnaire", "item": ' + b'[{"item": ' * 40 + b"[]" + b"}]" * 40 + b"}", 400),
        (b'{"item": []}', 422),
        (b'{"resourceType": "Questionnaire", "status": 1e400}', 400),
    ],
)
def test_bodies_that_are_no_questionnaire(clinic: Clinic, raw: bytes, status: int) -> None:
    answer = clinic.call("POST", "/questionnaires/check", raw, actor=MANAGER)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["a", "b", "choice", "group", "2026-01-01", "en", "#vs", "all", "(a+)+$", "http://loinc.org"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "extension", "item", "coding", "code", "value"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
EXTENSION = st.fixed_dictionaries(
    {"url": st.sampled_from(sorted({url for urls in HONOURED.values() for url in urls}))},
    optional={
        f"value{kind}": VALUES
        for kind in (
            "Integer",
            "String",
            "Coding",
            "Quantity",
            "Boolean",
            "CodeableConcept",
            "Decimal",
            "Date",
        )
    },
)
WHEN = st.fixed_dictionaries(
    {"question": st.sampled_from("abc"), "operator": st.sampled_from(sorted(OPERATORS))},
    optional={
        f"answer{kind}": VALUES for kind in ("Boolean", "Integer", "Coding", "Quantity", "String", "Date")
    },
)


def an_item(inside: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "linkId": st.sampled_from(["a", "b", "c", "1.1", "/x", "y z", "é"]),
            "type": st.sampled_from(sorted(ITEM_TYPES)),
        },
        optional={
            "text": st.text(max_size=12),
            "repeats": st.booleans(),
            "required": st.booleans(),
            "maxLength": st.integers(-1, 99),
            "extension": st.lists(EXTENSION, max_size=3),
            "enableWhen": st.lists(WHEN, max_size=2),
            "enableBehavior": st.sampled_from(["all", "any", "x"]),
            "answerOption": st.lists(
                st.dictionaries(
                    st.sampled_from(["valueString", "valueInteger", "valueCoding", "x"]), VALUES, max_size=2
                ),
                max_size=3,
            ),
            "answerValueSet": st.sampled_from(["#vs", "http://x"]),
            "initial": st.lists(
                st.dictionaries(
                    st.sampled_from(["valueString", "valueInteger", "valueBoolean"]), VALUES, max_size=1
                ),
                max_size=2,
            ),
            **({"item": st.lists(inside, max_size=3)} if inside is not None else {}),
            "code": VALUES,
        },
    )


DOCUMENT = st.fixed_dictionaries(
    {"resourceType": st.just("Questionnaire"), "status": st.sampled_from(["active", "draft", "x"])},
    optional={
        "item": st.lists(st.recursive(an_item(), an_item, max_leaves=6), max_size=4),
        "contained": VALUES,
        "title": VALUES,
        "_title": VALUES,
        "language": VALUES,
        "extension": VALUES,
        "url": st.text(max_size=9),
    },
)


@pytest.mark.capability("I18")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    document=DOCUMENT,
    posted=st.dictionaries(
        st.sampled_from(["a", "b", "a.0.b", "c.unit", "b.other", "1~2e1"]),
        st.lists(st.text(max_size=5), max_size=3),
    ),
)
def test_any_document_is_taken_or_refused_and_can_then_be_answered(
    document: dict[str, Any], posted: dict[str, list[str]]
) -> None:
    try:
        form = read_questionnaire(document)
    except QuestionnaireRefused as refused:
        assert refused.refusals
        assert all(isinstance(one.path, str) and one.code for one in refused.refusals)
        return
    for page in form.pages:
        read = read_page(page, posted)
        items = without_hidden(form, {key: value for key, value in read.values.items() if value is not None})
        unanswered(form, page, items)
    for item in form.by_id.values():
        if item.initial is not None:
            assert fault(item, item.initial) is None


def test_there_are_examples_enough() -> None:
    assert len(all_examples()) + len(PUBLISHED) >= 64


@pytest.mark.capability("I18")
def test_a_document_without_a_name_is_known_by_what_it_asks() -> None:
    """Two of them are two forms; the same again, reworded, is the same one."""
    bare = {"resourceType": "Questionnaire", "status": "draft"}
    one, again, other = (
        read_questionnaire({**bare, "item": [question(link_id, "string", text=text)]})
        for link_id, text in (("a", "One"), ("a", "Reworded"), ("b", "One"))
    )
    assert one.url == again.url != other.url
