"""What patients' texts mean: a corpus in two languages, the words the law names, and no text that breaks the reader."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.replies.grammar import Meaning, Parsed, parse_reply
from services.notify.replies.time_hint import Language, TimeHint
from services.notify.replies.words import AFFIRMATIONS, HELP, OPT_IN, OPT_OUT, OPT_OUT_AND_ASK

CORPUS = [
    json.loads(line) for line in (Path(__file__).parent / "replies_corpus.jsonl").open(encoding="utf-8")
]
LANGUAGES: tuple[Language, ...] = ("en", "es")
# The words of 47 CFR 64.1200(a)(10) and of the providers' default lists.
LISTED_STOP_WORDS = [
    "stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe", "stopall", "stop all", "optout", "opt-out", "remove",
    "arret",
]  # fmt: skip
ACTING = {
    Meaning.CONFIRM,
    Meaning.RESCHEDULE,
    Meaning.CANNOT_COME,
    Meaning.OPT_OUT,
    Meaning.OPT_IN,
    Meaning.HELP,
}


def test_corpus_is_large_and_whole() -> None:
    assert len({(row["text"], row["language"]) for row in CORPUS}) == len(CORPUS) >= 300
    assert min(Counter(row["language"] for row in CORPUS).values()) >= 150
    assert {row["meaning"] for row in CORPUS} == {meaning.value for meaning in Meaning}


@pytest.mark.parametrize("meaning", [meaning.value for meaning in Meaning])
def test_every_reply_of_the_corpus_means_what_people_say_it_means(meaning: str) -> None:
    wrong = []
    for row in CORPUS:
        if row["meaning"] != meaning:
            continue
        read = parse_reply(row["text"], row["language"])
        got = (read.meaning.value, read.hold, read.staff_task, read.urgent, row.get("rule") and read.rule)
        wanted = (row["meaning"], row["hold"], row["staff_task"], row["urgent"], row.get("rule"))
        if got != wanted:
            wrong.append((row["text"], wanted, got))
    assert wrong == []


@pytest.mark.parametrize("word", LISTED_STOP_WORDS)
@pytest.mark.parametrize(
    "shape",
    ["{}", " {}. ", "{}!!!", "Please {}", "{} please", "“{}”", "🛑 {}", "{}\n", "- {} -", "{}, thanks"],
)
def test_listed_words_opt_out_in_any_dress(word: str, shape: str) -> None:
    for spelt in (word, word.upper(), word.title()):
        for language in LANGUAGES:
            assert parse_reply(shape.format(spelt), language).meaning is Meaning.OPT_OUT, spelt


def test_cancel_opts_out_and_asks_staff_about_the_visit() -> None:
    for language in LANGUAGES:
        for text in ("CANCEL", "cancel.", "Cancelar", "cancel please"):
            read = parse_reply(text, language)
            assert (read.meaning, read.staff_task) == (Meaning.OPT_OUT, True), text
    assert parse_reply("Cancel my appointment", "en").meaning is Meaning.CANNOT_COME
    assert parse_reply("Cancel my appointment", "en").hold


@pytest.mark.parametrize("text", ["yes", "YES", "Sí", "ok", "si gracias", "sure!"])
def test_yes_neither_confirms_nor_opts_in(text: str) -> None:
    for language in LANGUAGES:
        read = parse_reply(text, language)
        assert (read.meaning, read.hold, read.answer) == (Meaning.INBOX, False, False)


def test_a_word_spelt_alike_is_read_in_the_patients_language() -> None:
    assert parse_reply("quite", "es").meaning is Meaning.OPT_OUT
    assert parse_reply("quite", "en").meaning is Meaning.INBOX
    read = parse_reply("R mar a las 4", "es")
    assert read.time == TimeHint(day="tuesday", hour=4, minute=0)
    assert read.time is not None


@pytest.mark.parametrize(
    ("text", "language", "hint"),
    [
        ("3pm tomorrow", "en", TimeHint(day="tomorrow", hour=3, minute=0, meridiem="pm")),
        ("3 p.m. tomorrow", "en", TimeHint(day="tomorrow", hour=3, minute=0, meridiem="pm")),
        ("mañana a las 3", "es", TimeHint(day="tomorrow", hour=3, minute=0)),
        ("mañana a las tres de la tarde", "es", TimeHint(day="tomorrow", hour=3, minute=0, part="afternoon")),
        ("por la mañana", "es", TimeHint(part="morning")),
        ("mañana por la mañana", "es", TimeHint(day="tomorrow", part="morning")),
        ("pasado mañana", "es", TimeHint(day="day_after_tomorrow")),
        ("el viernes a las 10:30 am", "es", TimeHint(day="friday", hour=10, minute=30, meridiem="am")),
        ("Friday 14:30", "en", TimeHint(day="friday", hour=14, minute=30, meridiem="24")),
        ("at noon", "en", TimeHint(hour=12, minute=0, meridiem="pm")),
        ("11/30 at 9", "en", TimeHint(date=(11, 30), hour=9, minute=0)),
        ("next week, afternoons", "en", TimeHint(day="next_week", part="afternoon")),
        ("after ten on wed", "en", TimeHint(day="wednesday", hour=10, minute=0)),
    ],
)
def test_wishes_for_another_time_reach_staff_with_the_time_read(
    text: str, language: Language, hint: TimeHint
) -> None:
    read = parse_reply(text, language)
    assert (read.meaning, read.hold, read.time) == (Meaning.INBOX, True, hint)
    asked = parse_reply(f"R {text}", language)
    assert (asked.meaning, asked.rule, asked.time) == (Meaning.RESCHEDULE, "code_r_with_time", hint)


@pytest.mark.parametrize("text", ["25:99", "99pm", "13/45", "call 8165550100", "2026", "1/2/3/4"])
def test_numbers_that_are_no_time_give_no_hour(text: str) -> None:
    time = parse_reply(text, "en").time
    assert time is None or time.hour is None


def test_ratings_are_read_as_numbers() -> None:
    assert [parse_reply(text, "en").rating for text in ("7", "10", " 8/10. ", "11", "7 or 8", "-1")] == [
        7,
        10,
        8,
        None,
        None,
        None,
    ]


def test_machines_are_never_answered() -> None:
    for row in CORPUS:
        if row["meaning"] == "automatic":
            read = parse_reply(row["text"], row["language"])
            assert not read.answer
            assert not read.staff_task


@given(st.text(max_size=1700), st.sampled_from(LANGUAGES))
def test_any_text_is_read_and_only_deeds_are_answered(text: str, language: Language) -> None:
    read = parse_reply(text, language)
    assert isinstance(read, Parsed)
    assert read.rule
    if read.meaning not in ACTING:
        assert not read.answer
    if read.urgent or read.rule in {
        "free_text",
        "time_wish",
        "free_text_opt_out",
        "two_codes",
        "code_in_text",
    }:
        assert read.hold
        assert read.meaning is Meaning.INBOX


KEYWORDS = sorted(OPT_OUT | OPT_OUT_AND_ASK)


@given(
    st.sampled_from(KEYWORDS),
    st.text(alphabet=" .,!?-'\"*()🛑\n\u200b\u00a0", max_size=8),
    st.text(alphabet=" .,!?-'\"*()🛑\n\u200b\u00a0", max_size=8),
    st.randoms(use_true_random=False),
)
def test_an_opt_out_word_survives_marks_and_capitals(
    word: str, before: str, after: str, dice: random.Random
) -> None:
    spelt = "".join(letter.upper() if dice.random() < 0.5 else letter for letter in word)
    assert parse_reply(f"{before}{spelt}{after}", "en").meaning is Meaning.OPT_OUT


@given(
    st.lists(
        st.sampled_from("please thanks the visit on at my room is for you we see time c r x".split()),
        min_size=1,
        max_size=8,
    )
)
def test_harmless_words_never_opt_out_or_in(words: list[str]) -> None:
    assert parse_reply(" ".join(words), "en").meaning not in {Meaning.OPT_OUT, Meaning.OPT_IN}


def test_word_lists_do_not_overlap() -> None:
    lists = [OPT_OUT, OPT_OUT_AND_ASK, OPT_IN, HELP, AFFIRMATIONS]
    for place, one in enumerate(lists):
        for other in lists[place + 1 :]:
            assert not one & other


def test_a_very_long_reply_is_read_quickly_and_by_its_beginning() -> None:
    assert parse_reply("stop " * 20_000, "en").rule == "opt_out_repeated"
    assert parse_reply("dont " * 20_000, "en").meaning is Meaning.INBOX
    assert parse_reply("a" * 1_000_000, "en").meaning is Meaning.INBOX
