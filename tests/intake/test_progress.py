"""Progress by the questionnaire's own sections, on the pages and under branching."""

import re
from typing import Any

import pytest

from kernel.context import Actor
from services.intake.actions.publish_questionnaire import publish_questionnaire
from services.intake.actions.publish_shipped_questionnaire import publish_shipped_questionnaire
from services.intake.questionnaires import SHIPPED_VERSION, shipped_questionnaire
from services.intake.rules.branching import Branching
from services.intake.rules.form import Form, in_language
from services.intake.rules.progress import BARS_MOST, Progress, progress
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import MANAGER, Browser, Clinic
from tests.intake.fhir_examples import question, questionnaire

SHIPPED = read_questionnaire(shipped_questionnaire())
CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"


def shown_at(
    form: Form, at: str, items: dict[str, Any] | None = None, saved: tuple[str, ...] = ()
) -> Progress:
    pages = Branching(form, items or {}).open_pages()
    page = next(one for one in pages if one.link_id == at)
    return progress(form, pages, page, lambda one: one.link_id in saved)


def names(found: Progress, language: str = "en") -> list[str]:
    return [in_language(part.text, language) for part in found.parts]


def group(link_id: str, *inside: Any, control: str = "", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "linkId": link_id,
        "type": "group",
        "text": link_id.title(),
        "item": list(inside),
        **more,
    }
    if control:
        made["extension"] = [{"url": CONTROL, "valueCodeableConcept": {"coding": [{"code": control}]}}]
    return made


def many(start: str, number: int) -> list[dict[str, Any]]:
    return [question(f"{start}{n}", "string", text=f"{start} {n}") for n in range(number)]


def test_the_shipped_questionnaire_says_its_own_version() -> None:
    assert shipped_questionnaire()["version"] == SHIPPED_VERSION


def test_sections_closed_by_answers_are_not_counted() -> None:
    with_headache = shown_at(SHIPPED, "headache_feel", {"regions": ["head"]}, ("emergency_signs", "where"))
    assert names(with_headache)[:4] == ["First questions", "Your health", "Signs to check", "Your headaches"]
    assert names(with_headache, "es")[3] == "Sus dolores de cabeza"
    assert (with_headache.part, len(with_headache.parts), with_headache.page) == (4, 8, 4)
    # More about the signs opens only for those who have signs.
    assert len(with_headache.here.pages) == 6
    aura = shown_at(SHIPPED, "headache_feel", {"regions": ["head"], "aura_symptoms": ["visual"]})
    assert len(aura.here.pages) == 7
    assert with_headache.bars[0] == (2, 4)
    without = shown_at(SHIPPED, "trigger_list", {"regions": ["low_back"]})
    assert "Your headaches" not in names(without)
    assert (without.part, len(without.parts), names(without)[3]) == (4, 7, "More about your pain")
    assert sum(len(part.pages) for part in without.parts) == len(
        Branching(SHIPPED, {"regions": ["low_back"]}).open_pages()
    )


def test_sections_of_questionnaires_from_elsewhere() -> None:
    tabs = group("all", group("one", *many("a", 2)), group("two", *many("b", 2)), control="tab-container")
    in_tabs = read_questionnaire(questionnaire("tabs", [tabs]))
    assert [page.link_id for page in in_tabs.pages] == ["one", "two"]
    assert shown_at(in_tabs, "two").by_page
    deep = group(
        "all",
        group("one", group("x", *many("a", 1)), group("y", *many("b", 1)), control="tab-container"),
        group("two", *many("c", 2)),
        control="tab-container",
    )
    nested = read_questionnaire(questionnaire("nested", [deep]))
    assert [page.link_id for page in nested.pages] == ["x", "y", "two"]
    at_y = shown_at(nested, "y")
    assert (names(at_y), at_y.part, at_y.page) == (["One", "Two"], 1, 2)
    long = read_questionnaire(
        questionnaire(
            "long", [*many("q", 20), group("last", *[group(f"g{n}", *many(f"g{n}.", 9)) for n in range(3)])]
        )
    )
    at_g1 = shown_at(long, "g1")
    assert (len(at_g1.parts), at_g1.part, at_g1.page, len(at_g1.parts[0].pages)) == (2, 2, 2, 3)
    loose = read_questionnaire(questionnaire("loose", many("q", 20)))
    assert len(shown_at(loose, "q8").parts) == 1
    assert shown_at(loose, "q8").page == 2
    wide = read_questionnaire(
        questionnaire(
            "wide",
            [
                group(
                    f"p{n}",
                    group(f"i{n}", *many(f"q{n}.", 1), control="page"),
                    group(f"j{n}", *many(f"r{n}.", 1)),
                )
                for n in range(BARS_MOST + 1)
            ],
        )
    )
    at_i3 = shown_at(wide, "i3", saved=("i0", "j0"))
    assert (at_i3.part, at_i3.page, at_i3.bars) == (4, 1, ((2, 22),))


def words_on(browser: Browser) -> list[str]:
    block = browser.body.partition('class="wm-progress"')[2].partition("<h1>")[0]
    return [" ".join(found.split()) for found in re.findall(r"<p[^>]*>([^<]*)</p>", block)]


@pytest.mark.parametrize(
    ("lang", "start", "later", "title"),
    [
        (
            "en",
            ["Part 1 of 7: First questions", "Page 1 of 4 in this part"],
            ["Part 4 of 8: Your headaches", "Page 2 of 6 in this part"],
            "Part 4 of 8: Your headaches",
        ),
        (
            "es",
            ["Parte 1 de 7: Primeras preguntas", "Página 1 de 4 de esta parte"],
            ["Parte 4 de 8: Sus dolores de cabeza", "Página 2 de 6 de esta parte"],
            "Parte 4 de 8: Sus dolores de cabeza",
        ),
    ],
)
def test_a_patient_reads_where_they_are(
    browser: Browser, lang: str, start: list[str], later: list[str], title: str
) -> None:
    browser.start(lang=lang)
    assert words_on(browser) == start
    token = browser.token
    browser.open(f"/intake/q/{token}/where").send({"regions": ["head"]})
    browser.open(f"/intake/q/{token}/headache_length")
    assert words_on(browser) == later
    assert f"| {title} |" in browser.body.partition("</title>")[0], (
        "the tab, and a screen reader's first words, say it"
    )
    browser.open(f"/intake/review/{token}")
    parts = re.findall(r'<h3 class="wm-h3">([^<]*)<span class="wm-step-word">([^<]*)', browser.body)
    assert len(parts) == 8
    assert ("You answered 1 page." if lang == "en" else "Respondió 1 página.") in browser.body
    assert parts[0][1] == ("1 of 4 pages done" if lang == "en" else "1 de 4 páginas listas")


def test_a_clinic_that_asks_the_older_shipped_one_gets_the_newer(clinic: Clinic) -> None:
    """Its open drafts end on theirs; a clinic that published its own keeps that."""
    older = {**shipped_questionnaire(), "version": "1"}
    older["item"] = [
        page for part in older["item"] for page in (part["item"] if "part_" in part["linkId"] else [part])
    ]
    with clinic.parts.database.transaction() as session:
        publish_questionnaire(session, Actor("system", "intake"), older)
    begun = clinic.browser().start()
    with clinic.parts.database.transaction() as session:
        publish_shipped_questionnaire(session)
        publish_shipped_questionnaire(session)
    versions = clinic.sql("SELECT version FROM questionnaire_version ORDER BY number")
    assert [row.version for row in versions] == ["1", "2"]
    assert [row.form_version for row in clinic.sql("SELECT form_version FROM submission")] == ["1"]
    begun.open(f"/intake/q/{begun.token}/where").send({"regions": ["neck"]})
    assert begun.status == 200
    own = {**shipped_questionnaire(), "version": "9"}
    own["item"][1]["text"] = "Our own first words"
    made = clinic.call("POST", "/questionnaire-drafts", own, actor=MANAGER).get_json()
    done = clinic.call("POST", f"/questionnaire-drafts/{made['id']}/publish", {}, actor=MANAGER, version=1)
    assert done.status_code == 200, done.text
    with clinic.parts.database.transaction() as session:
        publish_shipped_questionnaire(session)
    newest = clinic.sql("SELECT version FROM questionnaire_version ORDER BY number DESC LIMIT 1")
    assert newest[0].version == "9"
