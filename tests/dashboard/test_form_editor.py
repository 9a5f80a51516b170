"""The form editor on the real intake service: a manager edits, looks, publishes, and a patient answers it."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from services.dashboard.rules.form_conditions import read_conditions
from services.dashboard.rules.form_edit import TRANSLATION, moved, next_version, outline, removed, walk
from services.dashboard.rules.form_item import item_fields, read_item
from services.intake.questionnaires import HEADACHE_SPINE, shipped_questionnaire
from tests.check_access import check_access
from tests.conftest import DatabaseFactory
from tests.dashboard.conftest import PASSWORD
from tests.dashboard.whole import Whole, running_whole
from tests.intake.conftest import MANAGER
from tests.intake.fhir_examples import all_examples
from tests.intake.publisher_examples import PUBLISHED

pytestmark = pytest.mark.xdist_group("form_editor")
expect.set_options(timeout=30_000)
DESK, PHONE = 1366, 390
SHOTS = os.environ.get("STAFF_SHOTS", "")


@pytest.fixture(scope="module")
def whole(module_database: DatabaseFactory, session_redis_url: str, repository: Path) -> Iterator[Whole]:
    urls = module_database("intake").app_url, module_database("dashboard").app_url
    with running_whole(*urls, session_redis_url, repository / "node_modules") as both:
        both.intake.submit({"regions": ["neck"]})
        yield both


@pytest.fixture(scope="module")
def cookies(whole: Whole, chromium: Browser) -> list[Any]:
    """A manager's, signed in once."""
    email = whole.dashboard.add_staff("manager", email="forms.manager@example.test")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{whole.address}/staff/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    page.wait_for_url("**/staff/worklists")
    kept = context.cookies()
    context.close()
    return list(kept)


@pytest.fixture
def page(whole: Whole, chromium: Browser, cookies: list[Any]) -> Iterator[Page]:
    """The manager's page, without JavaScript."""
    context = chromium.new_context(
        base_url=whole.address, java_script_enabled=False, viewport={"width": 1366, "height": 900}
    )
    context.add_cookies(cookies)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def go(pressed: Locator) -> None:
    """Press what leads to another page by its key, and wait until that page is there."""
    with pressed.page.expect_navigation():
        pressed.press("Enter")


def test_the_pages_of_this_part_pass_the_access_checks(
    whole: Whole, chromium: Browser, cookies: list[Any]
) -> None:
    """With figures, a permission and its form, an edited question and previews in frames; at a desk and on a phone."""
    context = chromium.new_context(base_url=whole.address, viewport={"width": DESK, "height": 900})
    context.add_cookies(cookies)
    page = context.new_page()
    allow(page, "HIT-6")
    begin(page)
    draft = page.url.partition("?")[0]
    question = page.locator(".outline a").nth(3).get_attribute("href")
    preview = page.get_by_role("link", name=re.compile("^Preview")).get_attribute("href")
    drop_off = f"/staff/questionnaires/drop-off?form={HEADACHE_SPINE}"
    for name, path in (
        ("forms", "/staff/questionnaires"),
        ("form_draft", draft),
        ("form_item", question),
        ("form_preview", preview),
        ("drop_off", drop_off),
        ("instruments", "/staff/instruments"),
    ):
        page.goto(str(path))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/staff_{name}_{width}.png", full_page=True)
            check_access(page, f"{name} at {width}")
    # On a phone the menu waits behind its button; Esc closes it and does not leave the page as "Back" does.
    page.goto(str(question))
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.get_by_role("link", name="Instruments")).to_be_visible()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/staff_menu_{PHONE}.png")
    check_access(page, "the menu on a phone")
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Pages")).to_have_count(0)
    assert page.url.endswith(str(question))
    context.close()


def begin(page: Page) -> None:
    page.goto("/staff/questionnaires")
    go(page.get_by_role("button", name="Edit headache-spine"))
    expect(page.locator("h1")).to_contain_text("Questions before your visit")


@pytest.mark.capability("I17")
def test_a_question_is_added_branched_translated_moved_seen_and_published(page: Page, whole: Whole) -> None:
    begin(page)
    go(page.get_by_role("link", name="Add a question in: Your visit"))
    page.fill("[name='text.en']", "Do you need an interpreter?")
    page.fill("[name='text.es']", "¿Necesita un intérprete?")
    page.fill("[name='option.0.en']", "Yes, for signs")
    page.fill("[name='option.0.es']", "Sí, de señas")
    page.fill("[name='option.1.en']", "No")
    page.fill("[name='option.1.es']", "No")
    page.select_option("[name='when.0.question']", "regions")
    go(page.get_by_role("button", name="Use the question picked above"))
    page.select_option("[name='when.0.answer']", "neck")
    go(page.get_by_role("button", name="Save to the draft"))
    row = page.locator("tr", has_text="Do you need an interpreter?")
    expect(row).to_contain_text("asked only sometimes")
    expect(row).to_contain_text("New")
    go(row.get_by_role("button", name=re.compile("Move up")))
    before = page.locator(".outline tr").all_text_contents()
    with page.expect_navigation():
        page.keyboard.press("Enter")  # the button that was pressed has the focus again
    after = page.locator(".outline tr").all_text_contents()
    place = next(n for n, words in enumerate(before) if "interpreter" in words)
    assert "interpreter" in after[place - 1]
    expect(page.locator("#changes")).to_contain_text("Do you need an interpreter?")

    go(page.get_by_role("link", name=re.compile("^Preview")))
    page.select_option("[name=page]", "visit")
    page.select_option("[name=lang]", "es")
    go(page.get_by_role("button", name="Show"))
    for frame in page.locator("iframe").all():
        expect(frame.content_frame.get_by_text("¿Necesita un intérprete?")).to_be_visible()
        expect(frame.content_frame.get_by_text("Sí, de señas")).to_be_visible()
    widths = [frame.bounding_box() for frame in page.locator("iframe").all()]
    assert widths[0] and widths[1]
    assert widths[0]["width"] < 400 < widths[1]["width"]
    go(page.get_by_role("link", name="Back", exact=True))
    go(page.get_by_role("button", name=re.compile(r"^Publish \d")))
    expect(page.locator("h1")).to_have_text("Questionnaires")
    expect(page.locator("tr", has_text="headache-spine")).to_contain_text("3")

    (newest, *_) = whole.intake.get(f"/questionnaires?url={HEADACHE_SPINE}")["items"]
    assert newest["questionnaire"].endswith("|3")
    added = next(row for row in outline(newest["document"]) if row["en"] == "Do you need an interpreter?")
    assert (added["es"], added["conditions"], added["kind"]) == ("¿Necesita un intérprete?", 1, "choice")


@pytest.mark.capability("I17")
def test_a_question_a_rule_needs_cannot_be_dropped_and_the_rule_is_named(page: Page, whole: Whole) -> None:
    begin(page)
    go(page.get_by_role("link", name=re.compile("sudden|thunderclap|worst", re.IGNORECASE)).first)
    expect(page.locator(".notice--amber")).to_contain_text("SN04")
    go(page.get_by_role("button", name="Take this question out"))
    notice = page.get_by_role("alert").first
    expect(notice).to_contain_text("A published rule needs what this draft no longer asks")
    expect(notice).to_contain_text("(SN04)")
    expect(page.get_by_role("button", name=re.compile("^Publish"))).to_have_count(0)
    draft = page.url.rpartition("/")[2].partition("?")[0]
    version = whole.intake.sql(
        "SELECT version FROM questionnaire_draft WHERE id = CAST(:id AS uuid)", id=draft
    )[0].version
    refused = whole.intake.call(
        "POST", f"/questionnaire-drafts/{draft}/publish", {}, actor=MANAGER, version=version
    )
    assert refused.status_code == 409
    assert refused.get_json()["needed_by"][0]["rules"][0]["id"] == "SN04"
    go(page.get_by_role("button", name="Throw away"))
    expect(page.locator("h1")).to_have_text("Questionnaires")


@pytest.mark.capability("I17", "I18")
def test_a_document_is_brought_in_and_a_broken_one_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    broken = {**PUBLISHED["hl7"], "item": [{"linkId": "a", "type": "string", "text": "<script>x</script>"}]}
    dated = {
        "linkId": "tried",
        "type": "date",
        "text": "Which day?",
        "answerOption": [{"valueDate": "2026-01-31"}],
    }
    good = {**PUBLISHED["smart"], "item": [*PUBLISHED["smart"]["item"], dated]}
    for name, document in (("good", good), ("broken", broken), ("large", {"x": "y" * 10_000_000})):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    page.goto("/staff/questionnaires")
    page.set_input_files("[name=document]", tmp_path / "large.json")
    go(page.get_by_role("button", name="Check and open as a draft"))
    expect(page.get_by_role("alert")).to_contain_text("larger than 4 MB")
    page.set_input_files("[name=document]", tmp_path / "broken.json")
    go(page.get_by_role("button", name="Check and open as a draft"))
    expect(page.get_by_role("alert")).to_contain_text("item[0].text holds a script")
    page.set_input_files("[name=document]", tmp_path / "good.json")
    go(page.get_by_role("button", name="Check and open as a draft"))
    expect(page.locator("h1")).to_contain_text("Health check")
    page.locator("summary", has_text="Kept and exported").press("Enter")
    expect(page.locator(".checks")).to_contain_text("item: itemControl gtable")
    # Days to pick from are lines of the page like the answers of a list are.
    go(page.get_by_role("link", name="Which day?", exact=True))
    expect(page.get_by_label("Answer 1", exact=True)).to_have_value("2026-01-31")
    page.get_by_label("Answer 2", exact=True).fill("31 of May")
    go(page.get_by_role("button", name="Save to the draft"))
    expect(page.get_by_role("alert")).to_contain_text("valueDate is not of the kind FHIR wants here")
    page.get_by_label("Answer 2", exact=True).fill("2026-05-31")
    go(page.get_by_role("button", name="Save to the draft"))
    go(page.get_by_role("link", name="Which day?", exact=True))
    expect(page.get_by_label("Answer 2", exact=True)).to_have_value("2026-05-31")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/staff_form_item_date.png", full_page=True)


@pytest.mark.capability("C8")
def test_a_licensed_instrument_waits_for_its_permission(page: Page, tmp_path: Path) -> None:
    document = {
        "resourceType": "Questionnaire",
        "status": "active",
        "url": "https://example.test/Questionnaire/ndi",
        "title": "Neck Disability Index",
        "item": [{"linkId": "a", "type": "boolean", "text": "Our own words"}],
    }
    (tmp_path / "ndi.json").write_text(json.dumps(document))
    page.goto("/staff/questionnaires")
    page.set_input_files("[name=document]", tmp_path / "ndi.json")
    go(page.get_by_role("button", name="Check and open as a draft"))
    expect(page.get_by_role("alert")).to_contain_text("belongs to Howard Vernon")
    expect(page.get_by_role("button", name=re.compile("^Publish"))).to_have_count(0)
    at = page.url
    allow(page, "NDI")
    page.goto(at)
    go(page.get_by_role("button", name=re.compile(r"^Publish \d")))
    expect(page.locator("h1")).to_have_text("Questionnaires")
    page.goto("/staff/instruments")
    go(page.get_by_role("button", name="End it for NDI"))
    expect(page.locator(".instrument", has_text="NDI")).to_contain_text("Permission needed")


def allow(page: Page, instrument: str) -> None:
    """Record its owner's permission for an instrument that has none."""
    page.goto("/staff/instruments")
    card = page.locator(".instrument", has_text=instrument)
    expect(card).to_contain_text("Permission needed")
    card.locator("summary").press("Enter")
    card.locator("[name=granted_by]").fill("A. Person, Mapi Research Trust")
    card.locator("[name=reference]").fill("Licence 2026-117")
    card.locator("[name=granted_on]").fill("2026-01-02")
    go(card.get_by_role("button", name="Record", exact=True))
    expect(page.locator(".instrument", has_text=instrument)).to_contain_text("Permission recorded")


EVERY = {**all_examples(), **PUBLISHED, "ours": shipped_questionnaire()}


@pytest.mark.capability("I17", "I18")
def test_opening_and_saving_any_question_unchanged_changes_nothing() -> None:
    for name, document in EVERY.items():
        base = str(document.get("language") or "en")[:2]
        for item, *_ in walk(document["item"]):
            fields = item_fields(item, base)
            form = {
                "kind": fields["kind"],
                "options": str(len(fields["options"])),
                "options_for": fields["kind"],
            }
            form |= {f"text.{one}": fields["text"][one] for one in ("en", "es")}
            form |= {f"help.{one}": fields["help"][one] for one in ("en", "es")}
            form |= {flag: "yes" for flag in ("required", "repeats", "hidden") if fields[flag]}
            form |= {"minimum": str(fields["minimum"]), "maximum": str(fields["maximum"])}
            if fields["max_length"]:
                form["max_length"] = str(fields["max_length"])
            for number, option in enumerate(fields["options"]):
                form |= {f"option.{number}.{one}": option[one] for one in ("en", "es")}
            made = read_item(item, form, base)
            plain = {key: value for key, value in item.items() if value is not False}
            assert made == plain, (name, item["linkId"])


@pytest.mark.capability("I17")
def test_answers_of_every_kind_are_changed_added_and_taken_out() -> None:
    """Each sort of value[x] an option can have; the words of another kind of answer never become one of this."""
    spanish = {"extension": [translation("es", "Verano")]}
    sorts: list[tuple[str, list[dict[str, Any]], list[str], list[Any]]] = [
        ("date", [{"valueDate": "2026-01-31"}], ["2026-02-01", "2026-03"], ["2026-02-01", "2026-03"]),
        ("time", [{"valueTime": "08:30:00"}], ["", "17:15"], ["17:15:00"]),
        ("integer", [{"valueInteger": 3}, {"valueInteger": 5}], ["3", "-7"], [3, -7]),
        ("decimal", [{"valueInteger": 3}], ["4", "6"], [4, 6]),
        ("string", [], ["Summer", "Winter"], ["Summer", "Winter"]),
        (
            "choice",
            [{"valueString": "Summer", "_valueString": spanish}],
            ["Spring", "Autumn"],
            ["Spring", "Autumn"],
        ),
    ]
    for kind, options, typed, wanted in sorts:
        item = {"linkId": "a", "type": kind, "answerOption": options}
        form = {"kind": kind, "options": str(len(typed)), "options_for": kind}
        form |= {f"option.{number}.en": words for number, words in enumerate(typed)}
        made = read_item(item, form, "en")["answerOption"]
        assert [value for one in made for key, value in one.items() if key[0] != "_"] == wanted, kind
        assert {key for one in made for key in one if key[0] != "_"} == {VALUES[kind]}, kind
        other = "date" if kind != "date" else "time"
        assert "answerOption" not in read_item(item, {**form, "kind": other}, "en"), kind
    assert made[0]["_valueString"] == spanish  # a line without a field for Spanish keeps its words
    both = {**form, "option.0.es": "Primavera", "option.1.es": "Otoño"}
    made = read_item(item, both, "en")["answerOption"]
    assert [one["_valueString"]["extension"] for one in made] == [
        [translation("es", "Primavera")],
        [translation("es", "Otoño")],
    ]
    referred = {"valueReference": {"reference": "Practitioner/7", "display": "Dr Seven"}}
    item = {"linkId": "a", "type": "choice", "answerOption": [referred]}
    renamed = read_item(item, {"options": "1", "option.0.en": "Dr 7", "option.0.es": ""}, "en")
    assert renamed["answerOption"] == [{"valueReference": {"reference": "Practitioner/7", "display": "Dr 7"}}]


VALUES = {
    "date": "valueDate",
    "time": "valueTime",
    "integer": "valueInteger",
    "decimal": "valueInteger",
    "string": "valueString",
    "choice": "valueString",
}


def translation(language: str, words: str) -> dict[str, Any]:
    parts = [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": words}]
    return {"url": TRANSLATION, "extension": parts}


def test_moving_and_taking_out_touch_nothing_else() -> None:
    document = shipped_questionnaire()
    assert moved(moved(document, "where", 1), "where", -1) == document
    assert moved(document, document["item"][0]["linkId"], -1) == document
    rows = outline(removed(document, "mood"))
    assert not any(row["link_id"].startswith("phq9_1") for row in rows)
    assert next_version("2") == "3"
    assert next_version("0.1.9") == "0.1.10"
    whens = [{"question": "phq9_1", "operator": "=", "answerCoding": {"system": "x", "code": "LA6569-3"}}]
    form = {"whens": "1", "when.0.question": "phq9_1", "when.0.operator": "=", "when.0.answer": "LA6569-3"}
    assert read_conditions(document, form, whens) == whens


@pytest.mark.capability("I16")
def test_where_patients_stop_is_shown_by_language_and_device(page: Page, whole: Whole) -> None:
    patient = whole.intake.browser().start(lang="es", given_name="Luz", phone="816-555-0177")
    patient.send({})
    whole.intake.sql(
        "UPDATE submission SET saved_at = saved_at - interval '2 days', started_at = started_at - interval '2 days'"
        " WHERE state = 'draft'"
    )
    # The way there as a phone without JavaScript has it; a desk has the same menu beside every page.
    page.set_viewport_size({"width": 320, "height": 720})
    page.goto("/staff/questionnaires")
    top = page.locator("main").bounding_box()
    assert top
    assert top["y"] < 60
    page.get_by_role("button", name="Menu").press("Enter")
    go(page.get_by_role("link", name="Instruments"))
    page.set_viewport_size({"width": DESK, "height": 900})
    expect(page.get_by_role("button", name="Menu")).to_have_count(0)
    expect(page.get_by_role("link", name="Instruments").first).to_be_visible()
    page.goto("/staff/questionnaires/drop-off")
    page.select_option("[name=form]", HEADACHE_SPINE)
    go(page.get_by_role("button", name="Show"))
    expect(page.locator("tr", has_text="Where does it hurt?")).to_contain_text("100.0 %")
    go(page.get_by_role("link", name="Spanish, desktop"))
    expect(page.locator("tr", has_text="First: do you have any of these now?")).to_contain_text("0.0 %")
    expect(page.locator("tr")).to_have_count(3)
