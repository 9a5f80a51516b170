"""Patients' words are easy to read: grade 6 at most, measured in both languages."""

import re
import unicodedata
from typing import Any

import pytest

from services.intake.questionnaires import shipped_questionnaire
from services.intake.rules.form import walk
from services.intake.rules.read_questionnaire import read_questionnaire
from services.intake.texts import texts

FORM = read_questionnaire(shipped_questionnaire())
#: Items of instruments are given by their owners word for word.
WORD_FOR_WORD = ("phq9_", "gad2_", "peg_")


def sentences(language: str) -> list[str]:
    said = [
        item.text[language]
        for page in FORM.pages
        for item in walk(page)
        if item.text and not item.link_id.startswith(WORD_FOR_WORD) and not item.hidden
    ]
    said += list(strings(texts(language)))
    return [text for text in said if len(text.split()) > 2]


def strings(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("clinic",):
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def english_grade(text: str) -> float:
    """Flesch-Kincaid grade."""
    words = re.findall(r"[A-Za-z']+", text)
    ends = max(1, len(re.findall(r"[.!?:]+", text)))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    return 0.39 * len(words) / ends + 11.8 * syllables / len(words) - 15.59


def spanish_grade(text: str) -> float:
    """Crawford's grade for Spanish: sentences and syllables per hundred words."""
    plain = "".join(
        c
        for c in unicodedata.normalize("NFD", text.lower())
        if c != "\u0303" and not unicodedata.combining(c)
    )
    words = re.findall(r"[a-z]+", plain)
    ends = max(1, len(re.findall(r"[.!?:]+", text)))
    syllables = sum(max(1, len(re.findall(r"[aeo]|[iuy]+(?![aeo])", word))) for word in words)
    return -0.205 * (100 * ends / len(words)) + 0.049 * (100 * syllables / len(words)) - 3.407


@pytest.mark.parametrize(("language", "grade"), [("en", english_grade), ("es", spanish_grade)])
def test_all_words_together_read_at_grade_six_or_less(language: str, grade: Any) -> None:
    together = " ".join(text if text.rstrip()[-1] in ".!?:" else text + "." for text in sentences(language))
    assert grade(together) <= 6.0


def inflesz(text: str) -> float:
    """Szigriszt-Pazos perspicuity, as INFLESZ reads it: 65 and more is "fairly easy", what primary school (grade 6)
    reads; 80 and more "very easy". Stricter than Crawford's grade for texts of few sentences."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = re.findall(r"[a-z]+", plain)
    ends = max(1, len(re.findall(r"[.!?:]+", text)))
    syllables = sum(max(1, len(re.findall(r"[aeo]|[iuy]+(?![aeo])", word))) for word in words)
    return 206.835 - 62.3 * syllables / len(words) - len(words) / ends


@pytest.mark.capability("C11")
@pytest.mark.parametrize("part", ["prepare", "learn"])
@pytest.mark.parametrize("route", sorted(texts("en")["guide"]))
def test_how_to_prepare_and_what_to_know_read_at_grade_six_or_less(route: str, part: str) -> None:
    """English by Flesch-Kincaid; Spanish by Crawford's grade and by INFLESZ, which must both agree."""
    assert english_grade(" ".join(texts("en")["guide"][route][part])) <= 6.0
    spanish = " ".join(texts("es")["guide"][route][part])
    assert spanish_grade(spanish) <= 6.0
    assert inflesz(spanish) >= 65.0


def test_the_measures_can_fail() -> None:
    """A sentence of the sort letters are full of is above grade six in each."""
    hard = (
        "Administration of anticoagulant medication necessitates interdisciplinary consultation beforehand."
    )
    duro = "La administración de medicamentos anticoagulantes requiere previamente consideración interdisciplinaria."
    assert english_grade(hard) > 6.0
    assert spanish_grade(duro) > 6.0
    assert inflesz(duro) < 65.0


def test_both_languages_have_the_same_texts() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items()}
        return len(value) if isinstance(value, list) else str

    assert shape(texts("en")) == shape(texts("es"))
