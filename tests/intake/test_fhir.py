"""FHIR Questionnaires in and out: taken as they are, given back as they came, refused with the path."""

import copy
from dataclasses import fields
from typing import Any

import pytest

from kernel.exact_json import as_written
from services.dashboard.routes.form_drafts import CHANGED_WORDS
from services.intake.rules.branching import Branching
from services.intake.rules.check_value import fault
from services.intake.rules.compare_forms import COMPARED, NOT_COMPARED, compare_forms
from services.intake.rules.fhir_words import INITIAL
from services.intake.rules.form import Item
from services.intake.rules.read_questionnaire import QuestionnaireRefused, read_questionnaire
from tests.intake.conftest import MANAGER, NURSE, Clinic
from tests.intake.fhir_examples import ANSWERS, VALUES, all_examples, extension, question, questionnaire

EXAMPLES = all_examples()


@pytest.mark.capability("I18")
def test_there_are_sixty_examples_and_more() -> None:
    assert len(EXAMPLES) >= 60


@pytest.mark.capability("I18")
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_compiles_in_full(name: str) -> None:
    form = read_questionnaire(EXAMPLES[name])
    assert form.not_honoured == ()
    assert form.pages


@pytest.mark.capability("I18")
def test_examples_come_back_as_they_went_in(clinic: Clinic) -> None:
    for name in list(EXAMPLES)[::5]:
        document = EXAMPLES[name]
        draft = clinic.call("POST", "/questionnaire-drafts", document, actor=NURSE).get_json()
        path = f"/questionnaire-drafts/{draft['id']}/publish"
        done = clinic.call("POST", path, {}, actor=MANAGER, version=draft["version"])
        assert done.status_code == 200, done.text
        (one,) = clinic.get(f"/questionnaires?url={document['url']}")["items"]
        assert one["document"] == document, name


@pytest.mark.capability("I18", "I2")
@pytest.mark.parametrize("kind", sorted(ANSWERS))
def test_branching_on_every_type(kind: str) -> None:
    form = read_questionnaire(EXAMPLES[f"when-{kind}-is"])
    assert Branching(form, {"q": VALUES[kind]}).is_open("r")
    assert not Branching(form, {}).is_open("r")
    form = read_questionnaire(EXAMPLES[f"when-{kind}-is-not"])
    assert not Branching(form, {"q": VALUES[kind]}).is_open("r")


@pytest.mark.capability("I18")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("max-length", "abcde", "abcdef"),
        ("min-max", 9, 10),
        ("decimal-places", 1.5, 1.55),
        ("units", {"value": 3, "unit": "kg"}, {"value": 3, "unit": "lb"}),
        ("occurs", ["a", "b", "c"], ["a", "b", "c", "d"]),
        ("options-of-integers", "2", "7"),
        ("contained-expansion", "e", "a"),
        ("contained-compose", {"text": "mine"}, {"text": 3}),
        ("type-date", "2026-02-28", "2026-02-31"),
        ("type-time", "23:59:59", "24:00:00"),
        ("type-url", "https://example.test/", "javascript:alert(1)"),
        ("type-integer", 3, 3.5),
        ("type-boolean", False, "false"),
        ("repeating-group", [{"q": "x", "n": 1}], [{"q": "x", "n": "one"}]),
    ],
)
def test_constraints_are_kept(name: str, good: Any, bad: Any) -> None:
    form = read_questionnaire(EXAMPLES[name])
    item = next(iter(form.by_id.values()))
    assert fault(item, good) is None
    assert fault(item, bad) is not None


LOOP = [
    question("a", "boolean", enableWhen=[{"question": "b", "operator": "=", "answerBoolean": True}]),
    question("b", "boolean", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}]),
]
BROKEN: list[tuple[str, dict[str, Any], str, str]] = [
    ("not one", {"resourceType": "Patient"}, "resourceType", "not_a_questionnaire"),
    ("no items", questionnaire("x", []), "item", "missing"),
    (
        "status",
        {**questionnaire("x", [question("a", "string")]), "status": "done"},
        "status",
        "not_in_values",
    ),
    ("loop", questionnaire("x", LOOP), "item[1].enableWhen", "circular"),
    (
        "dangling",
        questionnaire(
            "x",
            [
                question(
                    "a", "string", enableWhen=[{"question": "z", "operator": "exists", "answerBoolean": True}]
                )
            ],
        ),
        "item[0].enableWhen[0].question",
        "no_such_question",
    ),
    (
        "twice",
        questionnaire("x", [question("a", "string"), question("a", "string")]),
        "item[1].linkId",
        "duplicate",
    ),
    ("no linkId", questionnaire("x", [{"type": "string"}]), "item[0].linkId", "missing"),
    ("type", questionnaire("x", [question("a", "essay")]), "item[0].type", "not_in_values"),
    (
        "script",
        questionnaire("x", [question("a", "string", text="<script>x</script>")]),
        "item[0].text",
        "script",
    ),
    (
        "no options",
        questionnaire("x", [question("a", "choice", answerOption=[])]),
        "item[0].answerOption",
        "missing",
    ),
    (
        "length",
        questionnaire("x", [question("a", "string", maxLength=0)]),
        "item[0].maxLength",
        "out_of_range",
    ),
    (
        "modifier",
        questionnaire(
            "x", [question("a", "string", modifierExtension=[extension("surprise", valueBoolean=True)])]
        ),
        "item[0].modifierExtension",
        "not_understood",
    ),
]


@pytest.mark.capability("I18")
@pytest.mark.parametrize(("name", "document", "path", "code"), BROKEN, ids=[b[0] for b in BROKEN])
def test_broken_documents_are_refused_with_the_path(
    name: str, document: dict[str, Any], path: str, code: str
) -> None:
    with pytest.raises(QuestionnaireRefused) as refused:
        read_questionnaire(document)
    assert (path, code) in [(one.path, one.code) for one in refused.value.refusals]


@pytest.mark.capability("I18")
def test_what_is_not_honoured_is_listed_by_name(clinic: Clinic) -> None:
    sdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
    expression = {
        "url": sdc + "sdc-questionnaire-calculatedExpression",
        "valueExpression": {"language": "text/fhirpath"},
    }
    document = questionnaire(
        "x", [question("a", "decimal", extension=[expression, extension("regex", valueString="(a+)+")])]
    )
    answer = clinic.call("POST", "/questionnaires/check", document, actor=MANAGER)
    assert answer.get_json()["not_honoured"] == [
        "item: regex",
        "item: sdc-questionnaire-calculatedExpression: no expression",
    ]
    far = questionnaire("x", [question("a", "open-choice", answerValueSet="http://example.test/vs")])
    assert read_questionnaire(far).not_honoured == ("answerValueSet not contained: vs",)
    # An answer to begin with from a list that is elsewhere is shown in words.
    begun = {"initial": [{"valueCoding": {"system": "urn:x", "code": "373066001", "display": "Yes"}}]}
    asked = question("a", "choice", answerValueSet="http://example.test/vs", **begun)
    assert read_questionnaire(questionnaire("x", [asked])).by_id["a"].initial == {"text": "Yes"}
    # Smart Forms writes a pattern as the FHIRPath that tries it.
    wrapped = question("a", "string", extension=[extension("regex", valueString="matches('^[0-9]{4}$')")])
    form = read_questionnaire(questionnaire("x", [wrapped]))
    assert (form.not_honoured, fault(form.by_id["a"], "2000"), fault(form.by_id["a"], "20000")) == (
        (),
        None,
        "pattern",
    )


def test_deep_and_large_documents_are_refused() -> None:
    deep: dict[str, Any] = question("q", "string")
    for number in range(40):
        deep = {"linkId": f"g{number}", "type": "group", "item": [deep]}
    for document in (
        questionnaire("x", [deep]),
        questionnaire("x", [question(f"q{n}", "string") for n in range(5_000)]),
    ):
        with pytest.raises(QuestionnaireRefused) as refused:
            read_questionnaire(document)
        assert [one.code for one in refused.value.refusals] == ["too_large"]


def test_the_editor_refuses_to_drop_what_a_rule_needs(clinic: Clinic) -> None:
    clinic.submit({"regions": ["neck"]})
    document = clinic.get("/questionnaires/headache-spine/current")
    document["version"] = "3"
    part = next(one for one in document["item"] if one["linkId"] == "part_first")
    page = next(one for one in part["item"] if one["linkId"] == "emergency_signs")
    page["item"] = [one for one in page["item"] if one["linkId"] != "thunderclap"]
    draft = clinic.call("POST", "/questionnaire-drafts", document, actor=NURSE).get_json()
    assert {"link_id": "thunderclap", "change": "removed", "fields": []} in draft["changes"]
    path = f"/questionnaire-drafts/{draft['id']}"
    refused = clinic.call("POST", f"{path}/publish", {}, actor=MANAGER, version=draft["version"])
    assert refused.status_code == 409
    assert refused.get_json()["lost_variables"] == ["thunderclap"]
    page["item"].insert(0, question("new_one", "string", text="A new one"))
    stale = clinic.call("PUT", path, document, actor=NURSE, version=draft["version"] + 5)
    assert stale.status_code == 412
    changed = clinic.call("PUT", path, document, actor=NURSE, version=draft["version"]).get_json()
    assert "new_one" in changed["untranslated"]
    assert (
        clinic.call("POST", f"{path}/publish", {}, actor=NURSE, version=changed["version"]).status_code == 403
    )


@pytest.mark.capability("I17")
def test_whatever_patients_would_be_asked_otherwise_is_told_before_publishing() -> None:
    """Of each thing an editor or an import can change in a question, and of nothing that stayed."""
    assert {one.name for one in fields(Item)} == NOT_COMPARED | set(COMPARED)
    number = question("n", "decimal", extension=[extension("minValue", valueDecimal=0.5)])
    before = questionnaire("compared", [number, question("s", "string", maxLength=5), question("d", "date")])
    assert compare_forms(read_questionnaire(before), read_questionnaire(copy.deepcopy(before))) == []
    after = copy.deepcopy(before)
    after["title"] = "Another title"
    after["item"][0]["extension"][0]["valueDecimal"] = as_written("0.50")
    after["item"][0]["initial"] = [{"valueDecimal": 3}]
    after["item"][1] |= {"maxLength": 9, "readOnly": True}
    first = {"language": "text/fhirpath", "expression": "today()"}
    after["item"][2]["extension"] = [{"url": INITIAL, "valueExpression": first}]
    told = compare_forms(read_questionnaire(before), read_questionnaire(after))
    assert {one["link_id"]: set(one["fields"]) for one in told} == {
        "": {"title"},
        "n": {"minimum", "initial"},
        "s": {"max_length", "read_only"},
        "d": {"begun"},
    }
    assert set(COMPARED) | {"title"} <= set(CHANGED_WORDS), "each has words for the page"


@pytest.mark.capability("I16")
def test_drop_off_counts_only_pages_that_were_open(clinic: Clinic) -> None:
    stopped_at = {}
    for number, regions in enumerate((["head"], ["low_back"], ["low_back"])):
        browser = clinic.browser().start(
            given_name=f"P{number}", phone=f"816-555-02{number:02}", lang="es" if number else "en"
        )
        token = browser.token
        browser.send({"_shown": "1"})
        if number == 1:
            # Gone back to and saved again, a page was answered once.
            browser.open(f"/intake/q/{token}/emergency_signs").send({"_shown": "1"})
        browser.open(f"/intake/q/{token}/where").send({"regions": regions})
        stopped_at[number] = browser.page
    clinic.sql(
        "UPDATE submission SET saved_at = saved_at - interval '2 days', started_at = started_at - interval '2 days'"
    )
    clinic.sql(
        "UPDATE page_save SET seconds = 20 * place FROM (SELECT id, row_number() OVER (ORDER BY saved_at) AS place"
        " FROM page_save WHERE page = 'where' AND language = 'es') AS them WHERE them.id = page_save.id"
    )
    rows = clinic.get("/questionnaires/headache-spine/drop-off", MANAGER)["items"]
    figures = {(row["page"], row["language"]): row for row in rows}
    assert figures["emergency_signs", "es"]["answered"] == 2
    assert figures["pain_now", "es"]["gave_up"] == 2
    assert figures["pain_now", "en"] == {
        **figures["pain_now", "en"],
        "shown": 1,
        "answered": 0,
        "gave_up_share": 1.0,
    }
    assert not any(row["page"].startswith("headache_when") for row in rows), (
        "nobody was left on a page not reached"
    )
    assert figures["where", "en"]["median_seconds"] is not None
    assert figures["where", "es"]["median_seconds"] == 30


def test_documents_damaged_at_random_are_refused_and_never_break_the_reader() -> None:
    """Each example with one value replaced by something of another kind, at every place in turn."""
    strange: list[Any] = [None, 0, -1, 3.5, True, "", "x", [], [1], {}, {"a": [1]}, [[]], "\u202e", 10**18]

    def places(value: Any, path: tuple[Any, ...] = ()) -> Any:
        children = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, inner in children:
            yield (*path, key)
            yield from places(inner, (*path, key))

    tried = 0
    for name in sorted(EXAMPLES)[::4]:
        for number, path in enumerate(places(EXAMPLES[name])):
            damaged = copy.deepcopy(EXAMPLES[name])
            holder: Any = damaged
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = strange[number % len(strange)]
            tried += 1
            try:
                form = read_questionnaire(damaged)
            except QuestionnaireRefused as refused:
                assert refused.refusals
                continue
            for item in form.by_id.values():
                for value in strange:
                    fault(item, value)
            Branching(form, dict.fromkeys(form.by_id, "x")).open_pages()
    assert tried > 300
