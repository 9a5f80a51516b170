"""Every word of the clinic's own page can be answered, in both languages, and rests as a coded value."""

import html
import json
from pathlib import Path
from typing import Any

import pytest

from services.intake.questionnaires import shipped_questionnaire
from services.intake.rules.form import Form, Item
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Browser, Clinic

TABLE: dict[str, dict[str, list[Any]]] = json.loads(
    Path(__file__).with_name("seed_vocabulary.json").read_text()
)
WORDS = [(group, word, *target) for group, words in TABLE.items() for word, target in words.items()]
#: What opens the pages that are not open to everyone.
OPENS = {
    "where": {"regions": ["head", "neck"]},
    "warning_signs": {"aura_symptoms": ["visual", "sensory"]},
}


def page_of(form: Form, link_id: str) -> str:
    while form.page(link_id) is None:
        link_id = form.parents[link_id]
    return link_id


@pytest.fixture(scope="module")
def form() -> Form:
    return read_questionnaire(shipped_questionnaire())


@pytest.mark.capability("C1")
@pytest.mark.parametrize(("group", "word", "link_id", "value"), WORDS, ids=[f"{w[0]}-{w[1]}" for w in WORDS])
def test_each_word_is_an_answer_in_both_languages(
    form: Form, group: str, word: str, link_id: str, value: Any
) -> None:
    item: Item = form.by_id[link_id]
    assert item.text["en"]
    assert item.text["es"]
    if value is True:
        assert item.kind == "boolean"
        return
    option = item.option(value)
    assert option is not None, f"{word} cannot be chosen"
    assert option.text["en"] and option.text["es"]
    assert option.system, "a coded value names its code system"


@pytest.mark.capability("C1")
@pytest.mark.parametrize("lang", ["en", "es"])
def test_each_word_stands_on_a_page_and_is_stored_as_its_code(
    clinic: Clinic, browser: Browser, form: Form, lang: str
) -> None:
    """One patient chooses every word there is; where only one fits, the last one of the table."""
    wanted: dict[str, dict[str, Any]] = {page: dict(fields) for page, fields in OPENS.items()}
    expected: dict[str, Any] = {}
    for _group, _word, link_id, value in WORDS:
        item = form.by_id[link_id]
        page = wanted.setdefault(page_of(form, link_id), {})
        if link_id == "meds.class":
            row = sum(name.startswith("meds.") for name in page)
            page[f"meds.{row}.meds~2eclass"] = value
            expected.setdefault("meds", []).append({"class": value})
        elif item.repeats:
            page[link_id] = sorted({*page.get(link_id, []), value})
            expected[link_id] = page[link_id]
        else:
            page[link_id] = "true" if value is True else value
            expected[link_id] = value
    browser.start(lang=lang)
    while "/review/" not in browser.at:
        assert browser.status == 200
        shown = html.unescape(browser.body)
        for _group, word, link_id, value in WORDS:
            if page_of(form, link_id) == browser.page:
                item = form.by_id[link_id]
                option = item.option(value) if value is not True else None
                text = (option.text if option else item.text)[lang]
                assert text in shown, (word, browser.page)
        browser.send(wanted.get(browser.page, {}))
    browser.send()
    (told,) = clinic.events("intake_submitted")
    (submission,) = clinic.sql("SELECT id FROM submission")
    items = clinic.get(f"/submissions/{submission.id}")["items"]
    for link_id, value in expected.items():
        if link_id in ("visit_timing", "preferred_site"):
            assert items[link_id] == value
        elif isinstance(value, list) and link_id != "meds":
            assert sorted(told["answers"][link_id]) == value
        else:
            assert told["answers"][link_id] == value
