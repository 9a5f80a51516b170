"""The lint of texts: no health information in a text, in two languages, however it is spelt; templates refuse gaps."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.texts.health_words import Level, blocking, lint_template, lint_text
from services.notify.texts.placeholders import (
    KNOWN,
    Language,
    TemplateError,
    check_template,
    render,
    worst_case,
)
from services.notify.texts.segments import count_segments

TOKEN = "Zx9_-" * 9
GATE = "https://patients.prairiecrossing.example/q#t="

CLEAN = [
    "Prairie Crossing: your visit is Tue Nov 24, 10:00 am, Lee's Summit. Reply C to confirm, R to move it, X if you "
    "cannot come. (816) 555-0100. STOP ends texts.",
    "Prairie Crossing: su cita es el martes 24 de noviembre a las 10:00 a. m. en Paola. Responda C para confirmar, "
    "R para cambiarla o X si no puede venir.",
    "Prairie Crossing: please call us now at (816) 555-0100.",
    "Prairie Crossing: your visit moved to Thu Nov 26, 2:00 pm, Grandview.",
    "Gracias por su respuesta. Le esperamos.",
    "You are opted out and will get no more texts from Prairie Crossing. Reply START to get them again.",
    "Prairie Crossing: an earlier time is free, Wed Nov 25 9:00 am, Garnett. We keep it 30 minutes for you.",
    "We missed you today. Call (816) 555-0100 to find another time.",
    "Closed tomorrow for severe weather. Your new time: Fri Nov 27, 11:00 am, Leawood.",
    "For an emergency call 911. For help with your visit call (816) 555-0100.",
    "Discover the new entrance: turn left after the bridge.",
    "Bring a photo ID, your insurance card and your list of questions. Please come 15 minutes early.",
]


@pytest.mark.parametrize("text", CLEAN)
def test_texts_about_when_and_where_pass(text: str) -> None:
    assert lint_text(text) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Your migraine visit is tomorrow", "diagnosis"),
        ("Su cita por migraña es mañana", "diagnosis"),
        ("About your headaches: see you Tuesday", "diagnosis"),
        ("Prairie Crossing Headache & Spine: see you Tuesday", "diagnosis"),
        ("Cita por dolores de cabeza", "diagnosis"),
        ("New diagnosis on file", "diagnosis"),
        ("cervicogénica", "diagnosis"),
        ("MOH plan", "diagnosis"),
        ("How is your neck pain today?", "symptom"),
        ("¿Sigue el dolor?", "symptom"),
        ("¿Todavía siente hormigueo?", "symptom"),
        ("Bring your medications", "treatment"),
        ("Traiga sus medicamentos", "treatment"),
        ("Your Botox visit", "treatment"),
        ("Su inyección es el martes", "treatment"),
        ("Your MRI is ready", "treatment"),
        ("You were sent to physical therapy", "route"),
        ("Your PT visit is tomorrow", "route"),
        ("Su cita de fisioterapia", "route"),
        ("Su cita de terapia física", "route"),
        ("Your referral was accepted", "route"),
        ("Surgical consult on Tuesday", "route"),
        ("Visit with neurology", "specialty"),
        ("Cita con neurología", "specialty"),
        ("Dr. Vega, neurosurgeon, will see you", "specialty"),
        ("El especialista le espera", "specialty"),
        ("Your score went up", "score"),
        ("Su puntaje es 14", "score"),
        ("PHQ9: 14", "score"),
        ("PHQ-9 was 14", "score"),
        ("It was 7 out of 10", "score"),
        ("A red flag was found", "red_flag"),
        ("Hay una señal de alarma", "red_flag"),
        ("Possible stroke, come now", "red_flag"),
        ("Bandera roja", "red_flag"),
        ("Finish your questionnaire", "questionnaire"),
        ("Termine su cuestionario", "questionnaire"),
        ("You told us it started in May", "questionnaire"),
        ("Según sus respuestas, venga hoy", "questionnaire"),
    ],
)
def test_health_words_are_blocked(text: str, rule: str) -> None:
    assert rule in {finding.rule for finding in blocking(lint_text(text))}


@pytest.mark.parametrize(
    "text",
    [
        "MIGRAINE",
        "mi\u200bgraine",
        "ＭＩＧＲＡＩＮＥ",
        "мigraine",
        "migran\u0303a",
        "Migraine!",
        "«migrañas»",
        "#migraine",
    ],
)
def test_spelling_does_not_hide_a_word(text: str) -> None:
    (finding,) = lint_text(text)
    assert finding.rule == "diagnosis"
    assert text[finding.start : finding.end] == finding.words


@pytest.mark.parametrize(
    "text",
    ["We are open", "Peg will call", "an apartment", "promise", "description", "Sr. Paine", "spineless"],
)
def test_parts_of_other_words_pass(text: str) -> None:
    found = [finding.words for finding in lint_text(text)]
    assert found == [], found


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        (f"Open {GATE}{TOKEN}", None),
        (f"Open {GATE}{TOKEN}.", None),
        (f"Open {GATE}short", f"{GATE}short"),
        (f"Open {GATE}{TOKEN}&name=Ana", f"{GATE}{TOKEN}&name=Ana"),
        ("Open https://patients.prairiecrossing.example/q", "https://patients.prairiecrossing.example/q"),
        ("See http://example.test/visit.", "http://example.test/visit"),
        ("See www.example.test", "www.example.test"),
        ("See prairiecrossing.com/visit", "prairiecrossing.com/visit"),
        ("See BIT.LY/abc now", "BIT.LY/abc"),
        ("See javascript://x", "javascript://x"),
        (f"{GATE.replace('patients', 'patient')}{TOKEN}", f"{GATE.replace('patients', 'patient')}{TOKEN}"),
    ],
)
def test_links_without_a_gate_are_blocked(text: str, blocked: str | None) -> None:
    found = [f.words for f in lint_text(text, gate_prefixes=[GATE]) if f.rule == "link_without_gate"]
    assert found == ([] if blocked is None else [blocked])


@pytest.mark.capability("N16")
def test_a_name_beside_a_site_warns_and_a_name_is_not_a_word() -> None:
    text = "Dolores, your visit is tomorrow at Lee's Summit"
    (finding,) = lint_text(text, names=["Dolores"], sites=["Lee's Summit"])
    assert (finding.rule, finding.level, finding.words) == ("name_with_site", Level.WARN, "Dolores")
    assert blocking([finding]) == ()
    assert lint_text("Dolores, your visit is tomorrow", names=["Dolores"], sites=["Paola"]) == ()
    assert [f.rule for f in lint_text("Dolores, siento dolor", names=["Dolores"])] == ["symptom"]
    assert [f.rule for f in lint_template("{first_name}: {visit_date}, {site_name}")] == ["name_with_site"]
    assert lint_template("{clinic_name}: {visit_date}, {site_name}. {link}") == ()
    assert [f.rule for f in lint_template("{clinic_name}: migraine {link}")] == ["diagnosis"]


@pytest.mark.capability("N16")
def test_every_diagnosis_and_way_of_care_of_the_shipped_protocol_is_blocked() -> None:
    path = Path(__file__).resolve().parents[2] / "kernel/contracts/protocol/headache_spine_1.json"
    protocol = json.loads(path.read_text(encoding="utf-8"))
    care = ("surgical_consult", "medication_review", "physical_therapy")
    names = [diagnosis["name"] for diagnosis in protocol["diagnoses"]]
    names += [protocol["routes"]["labels"][route][language] for route in care for language in ("en", "es")]
    names += [route.replace("_", " ") for route in care]
    assert len(names) > 15
    assert [name for name in names if not blocking(lint_text(f"Prairie Crossing: {name}, Tuesday"))] == []


@given(st.text(max_size=300))
def test_lint_takes_any_text(text: str) -> None:
    for finding in lint_text(text, names=["Ana"], sites=["Paola"]):
        assert text[finding.start : finding.end] == finding.words


@given(st.text(alphabet="abcdefghij klmnopqrstuvwxyz.", max_size=40), st.text(alphabet="ab .", max_size=40))
def test_a_blocked_word_is_found_wherever_it_stands(before: str, after: str) -> None:
    assert "diagnosis" in {finding.rule for finding in lint_text(f"{before} migraine {after}")}


@pytest.mark.parametrize(
    ("template", "problems"),
    [
        ("See you {visit_day}", {("unknown_placeholder", "visit_day")}),
        ("{diagnosis} {score}", {("unknown_placeholder", "diagnosis"), ("unknown_placeholder", "score")}),
        ("{}", {("unknown_placeholder", "")}),
        ("{ visit_date }", {("unknown_placeholder", " visit_date ")}),
        ("{visit_date!r}", {("unknown_placeholder", "visit_date!r")}),
        ("{clinic_name.__class__}", {("unknown_placeholder", "clinic_name.__class__")}),
        ("open { brace", {("stray_brace", "character 6")}),
        ("close } brace", {("stray_brace", "character 7")}),
        ("   ", {("empty", "the text has no words")}),
        ("bell\x07", {("control_character", "character 5")}),
    ],
)
def test_a_template_with_a_fault_is_refused(template: str, problems: set[tuple[str, str]]) -> None:
    with pytest.raises(TemplateError) as refused:
        check_template(template)
    assert set(refused.value.problems) == problems


@pytest.mark.parametrize("value", [None, "", "  "])
def test_rendering_refuses_a_missing_value(value: str | None) -> None:
    values = {"clinic_name": "Prairie Crossing"} | ({} if value is None else {"visit_date": value})
    with pytest.raises(TemplateError) as refused:
        render("{clinic_name}: {visit_date}", values)
    assert refused.value.problems == (("missing_value", "visit_date"),)


def test_rendering_is_one_pass() -> None:
    values = {"first_name": "{link} {{x}}", "link": "secret"}
    assert render("Hi {first_name} {{ok}}", values) == "Hi {link} {{x}} {ok}"
    with pytest.raises(TemplateError):
        render("{first_name}", {"first_name": "Ana\nReply STOP"})
    assert check_template("{link} {first_name} {link}") == ("link", "first_name")


def test_worst_case_uses_the_longest_values() -> None:
    template = "{clinic_name}: {visit_date}, {visit_time}, {site_name}. Reply C, R or X. {clinic_phone}"
    languages: tuple[Language, ...] = ("en", "es")
    for language in languages:
        text = worst_case(template, language)
        for name in check_template(template):
            assert any(value in text for value in KNOWN[name].dearest[language])
    assert count_segments(worst_case(template, "en")).segments == 1
    assert count_segments(worst_case(template, "es")).encoding == "UCS-2"


@pytest.mark.parametrize("piece", ["a.b-", "a", "a.", "-", "head ", "{", "https:/", "dolor de ", "1"])
def test_lint_of_a_long_text_takes_time_in_proportion(piece: str) -> None:
    def seconds(length: int) -> float:
        started = time.process_time()
        lint_text(piece * (length // len(piece)), names=["Ana"])
        return time.process_time() - started

    assert seconds(8_000) < max(6 * seconds(2_000), 0.2)
