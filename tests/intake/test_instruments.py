"""Instruments: scored live with their formula version, opened by their screen, and item 9 never left alone."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.intake.actions.escalate_callbacks import escalate_callbacks
from services.intake.questionnaires import instruments, shipped_questionnaire
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.follow_up import follow_up, totals_on
from services.intake.rules.harm_words import speaks_of_self_harm
from services.intake.rules.read_questionnaire import read_questionnaire
from services.intake.rules.scores import score_all
from tests.intake.conftest import Browser, Clinic
from tests.intake.publisher_examples import lhc_panel

FORM = read_questionnaire(shipped_questionnaire())
DAYS = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]


def scores(items: dict[str, Any]) -> dict[str, Any]:
    return {score.instrument: score for score in score_all(FORM, items, instruments())}


@pytest.mark.capability("I3", "C8")
@pytest.mark.parametrize(
    ("points", "total", "band"),
    [
        ([0] * 9, 0, "minimal"),
        ([1, 1, 1, 1, 0, 0, 0, 0, 0], 4, "minimal"),
        ([1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild"),
        ([1] * 9, 9, "mild"),
        ([2, 1, 1, 1, 1, 1, 1, 1, 1], 10, "moderate"),
        ([2, 2, 2, 2, 2, 1, 1, 1, 1], 14, "moderate"),
        ([2, 2, 2, 2, 2, 2, 1, 1, 1], 15, "moderately_severe"),
        ([3, 3, 2, 2, 2, 2, 2, 2, 1], 19, "moderately_severe"),
        ([3, 3, 3, 2, 2, 2, 2, 2, 1], 20, "severe"),
        ([3] * 9, 27, "severe"),
    ],
)
def test_phq9_totals_and_bands(points: list[int], total: int, band: str) -> None:
    items = {f"phq9_{number + 1}": DAYS[point] for number, point in enumerate(points)}
    score = scores(items)["phq9"]
    assert (score.value, score.band, score.version, score.loinc) == (total, band, "1", "44261-6")


@pytest.mark.capability("I3", "C8")
def test_missing_items_are_prorated_only_as_far_as_allowed() -> None:
    items: dict[str, Any] = {f"phq9_{number}": DAYS[2] for number in range(1, 9)}
    assert scores(items)["phq9"].value == 18
    del items["phq9_8"]
    assert scores(items)["phq9"].value is None
    assert scores({"peg_1": 6, "peg_2": 8})["peg"].value is None
    assert scores({"peg_1": 6, "peg_2": 8, "peg_3": 4})["peg"].value == 6
    assert scores({"gad2_1": DAYS[3], "gad2_2": DAYS[0]})["gad2"].band == "screen_positive"
    assert scores({"nprs_now": 7})["nprs"].band == "severe"


@pytest.mark.capability("I3", "C8")
def test_a_total_that_is_only_shown_follows_the_answers() -> None:
    """A panel of LOINC's whose total no expression works out: the instrument does, as its page is typed."""
    panel = lhc_panel()
    total = next(one for one in panel["item"] if one["linkId"] == "/44261-6")
    total["readOnly"] = True
    form = read_questionnaire(panel)
    shown = [one.link_id for page in form.pages for one in totals_on(form, page, instruments())]
    assert shown == ["/44261-6"]
    items: dict[str, Any] = {one.link_id: DAYS[1] for one in form.by_id.values() if len(one.options) == 4}
    for typed, value in ((items, 9), ({**items, "/44250-9": DAYS[3]}, 11), ({}, None)):
        found, _ = follow_up(form, typed, instruments(), (), purse=Purse(ALL_STEPS_MAX), given_up=set())
        assert found.get("/44261-6") == value


@pytest.mark.capability("C8")
def test_licensed_instruments_have_no_text_here() -> None:
    text = str(shipped_questionnaire()).casefold()
    for instrument in instruments():
        if instrument["licence"] not in ("free", "free_confirm"):
            assert "items" not in instrument
            assert not re.search(rf"\b{instrument['id']}\b", text)


@pytest.mark.capability("I3", "C8")
def test_phq2_opens_phq9_and_totals_go_with_the_answers(clinic: Clinic, browser: Browser) -> None:
    browser.start()
    token = browser.token
    assert browser.open(f"/intake/q/{token}/mood_more").status == 404
    browser.open(f"/intake/q/{token}/mood").send(
        {"phq9_1": DAYS[1], "phq9_2": DAYS[1], "gad2_1": DAYS[2], "gad2_2": DAYS[2]}
    )
    assert browser.page == "mood_more"
    browser.send({f"phq9_{number}": DAYS[1] for number in range(3, 9)} | {"phq9_9": DAYS[0]})
    assert browser.page == "letter"
    (row,) = clinic.sql("SELECT id FROM submission")
    seen = {score["instrument"]: score for score in clinic.get(f"/submissions/{row.id}")["scores"]}
    assert seen["phq9"]["value"] == 8
    assert seen["phq9"]["version"] == "1"
    # Live: another answer is another total, before anything is sent.
    browser.open(f"/intake/q/{token}/mood_more").send(
        {f"phq9_{number}": DAYS[1] for number in range(3, 8)} | {"phq9_8": DAYS[3], "phq9_9": DAYS[0]}
    )
    seen = {score["instrument"]: score for score in clinic.get(f"/submissions/{row.id}")["scores"]}
    assert (seen["phq9"]["value"], seen["phq9"]["band"]) == (10, "moderate")
    browser.open(f"/intake/q/{token}/where").send({"regions": ["neck"]})
    browser.open(f"/intake/review/{token}").send()
    kept = {score["instrument"]: score for score in clinic.get(f"/submissions/{row.id}")["scores"]}
    assert (kept["phq9"]["value"], kept["phq9"]["version"]) == (10, "1"), "kept with the version that made it"
    (of,) = clinic.sql("SELECT patient_id FROM submission")
    trends = {one["instrument"]: one for one in clinic.get(f"/patients/{of.patient_id}/scores")["items"]}
    (point,) = trends["phq9"]["points"]
    assert (point["value"], point["band"], point["version"]) == (10, "moderate", "1")
    assert trends["phq9"]["change"]["points"] == 5
    assert trends["gad2"]["points"][0]["value"] == 4
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["phq2_total"] == 2
    assert told["answers"]["phq9_total"] == 10
    assert told["answers"]["phq9_item9"] == 0
    assert told["answers"]["gad2_total"] == 4


def open_mood_more(browser: Browser, **start: str) -> str:
    browser.start(**start)
    token = browser.token
    browser.open(f"/intake/q/{token}/where").send({"regions": ["neck"]})
    browser.open(f"/intake/q/{token}/mood").send({"phq9_1": DAYS[3], "phq9_2": DAYS[3]})
    return token


@pytest.mark.capability("C8")
@pytest.mark.parametrize("lang", ["en", "es"])
def test_item_9_shows_988_at_once_and_alerts_a_person(clinic: Clinic, browser: Browser, lang: str) -> None:
    token = open_mood_more(browser, lang=lang)
    browser.send({"phq9_9": DAYS[1]})
    assert "/notice/" in browser.at, "before any further question"
    assert "988" in browser.body and "911" in browser.body
    (task,) = clinic.get("/callback-tasks")["items"]
    assert task["flags"] == ["RF_SUI_1"]
    minutes = clinic.sql("SELECT acknowledge_by - opened_at AS wait FROM callback_task")[0].wait
    assert minutes == timedelta(minutes=15)
    browser.open(f"/intake/q/{token}/mood_more").send({"phq9_9": DAYS[0]})
    (task,) = clinic.get("/callback-tasks")["items"]
    assert task["state"] == "open", "a changed answer or silence never clears it"
    clinic.sql(
        "UPDATE callback_task SET opened_at = opened_at - interval '1 h', acknowledge_by = acknowledge_by - interval '1 h'"
    )
    with clinic.parts.database.transaction() as session:
        assert escalate_callbacks(session) == 1
    (task,) = clinic.get("/callback-tasks")["items"]
    assert (task["state"], task["with"]) == ("open", "provider")


@pytest.mark.capability("C8")
def test_item_9_at_two_or_more_ends_the_form(clinic: Clinic, browser: Browser) -> None:
    open_mood_more(browser)
    browser.send({"phq9_9": DAYS[2]})
    assert "/s/" in browser.at
    assert "988" in browser.body
    task = clinic.get("/callback-tasks")["items"][0]
    assert task["action"] == "E"
    assert "RF_SUI_2" in task["flags"]


@pytest.mark.capability("C8")
@pytest.mark.parametrize(
    "words",
    [
        "I can’t go on",
        "some days I want to end it",
        "ya no quiero vivir",
        "Prefiero MORIR",
        "I think about killing myself",
    ],
)
def test_words_of_self_harm_alert_too(clinic: Clinic, browser: Browser, words: str) -> None:
    browser.start()
    browser.open(f"/intake/q/{browser.token}/visit").send({"other_notes": words})
    assert "988" in browser.body
    assert "RF_SUI_2" in clinic.get("/callback-tasks")["items"][0]["flags"]


@pytest.mark.parametrize(
    "words", ["My neck is killing me", "The pain ends at night", "Me mata el trabajo de oficina no", ""]
)
def test_usual_words_do_not(words: str) -> None:
    assert not speaks_of_self_harm(words)
