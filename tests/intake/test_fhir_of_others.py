"""Documents as publishers share them, hostile ones, and any at all: taken with a list, or refused with the path."""

import copy
import re
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
from tests.intake.hostile_examples import HOSTILE, ODD, OWN, odd_but_valid, one_item
from tests.intake.imported_form import open_form, publish, submission_of
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


@pytest.mark.capability("I18")
def test_odd_but_valid_strings_are_words_and_nothing_else(clinic: Clinic) -> None:
    """On the page, as names of fields, in what is stored, and in what comes out again."""
    document = odd_but_valid()
    form = read_questionnaire(copy.deepcopy(document))
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    assert browser.status == 200
    assert "<b>bold" not in browser.body
    assert "{{7*7}}" in browser.body and "49" not in re.sub(r"[\w-]+=\"[^\"]*\"", "", browser.body)
    fields = {form.by_id[odd].name: odd[:50] for odd in ODD}
    for name in fields:
        assert re.fullmatch(r"[A-Za-z0-9_~-]+", name)
        assert f'id="f-{name}"' in browser.body
    browser.send({**fields, "chosen": ODD[3]})
    kept = submission_of(clinic, document["url"])
    # A letter with its accents apart is not the letter with an accent, and white space nobody sees stays.
    assert kept["items"] == {**{odd: odd[:50].strip() for odd in ODD}, "chosen": ODD[3]}
    for one in OWN:
        browser.send({f"in-{one}": "x"})
    assert submission_of(clinic, document["url"])["items"]["in-later"] == "x", "their own pages are reached"
    written = clinic.get(f"/submissions/{kept['id']}/questionnaire-response")
    assert [node["linkId"] for node in written["item"][0]["item"]] == [*ODD, "chosen"]
    assert clinic.get(f"/submissions/{kept['id']}/as-answered")["pages"][0]["title"] == ODD[4]
