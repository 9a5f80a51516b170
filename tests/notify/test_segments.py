"""Segment counts: the provider's published edges, an independent counter as oracle, and what losing accents saves."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.texts.segments import GSM_BASIC, GSM_EXTENSION, count_segments, without_accents


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the pair moves whole to the next segment
        ("á" * 70, "UCS-2", 70, 1),
        ("á" * 71, "UCS-2", 71, 2),
        ("á" * 134, "UCS-2", 134, 2),
        ("á" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("á" * 66 + "😀" + "á" * 66, "UCS-2", 134, 3),
        ("ñéüÑ¿¡", "GSM-7", 6, 1),
        ("line\none", "GSM-7", 8, 1),
        ("tab\there", "UCS-2", 8, 1),
        ("{[^]}|~\\", "GSM-7", 16, 1),
    ],
)
def test_edges(text: str, encoding: str, units: int, segments: int) -> None:
    count = count_segments(text)
    assert (count.encoding, count.units, count.segments) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("letters", "outside"), [("áíóú", ("á", "í", "ó", "ú")), ("ñéü¿¡", ()), ("a´´b", ("´",))]
)
def test_characters_outside_the_alphabet_are_named_once(letters: str, outside: tuple[str, ...]) -> None:
    assert count_segments(letters).outside_gsm == outside


def packed(text: str) -> int:
    """Count by building the segments themselves, one character at a time."""
    wide = any(c not in GSM_BASIC and c not in GSM_EXTENSION for c in text)
    pieces = [
        c.encode("utf-16-be") if wide else (b"\x1b" if c in GSM_EXTENSION else b"") + b"." for c in text
    ]
    unit, alone, joined = (2, 140, 134) if wide else (1, 160, 153)
    assert unit
    if sum(map(len, pieces)) <= alone:
        return 1 if text else 0
    segments: list[bytes] = [b""]
    for piece in pieces:
        if len(segments[-1]) + len(piece) > joined:
            segments.append(b"")
        segments[-1] += piece
    return len(segments)


@given(st.text(alphabet="aZ ñé€{á😀\n", max_size=500))
def test_count_agrees_with_packing(text: str) -> None:
    count = count_segments(text)
    assert count.segments == packed(text)
    assert count.left_in_segment >= 0


@given(st.text(max_size=200))
def test_any_text_counts_and_loses_accents_without_growing_dear(text: str) -> None:
    plain = without_accents(text)
    before = count_segments(unicodedata.normalize("NFC", text)).outside_gsm
    assert set(count_segments(plain).outside_gsm) <= set(before)
    assert without_accents(plain) == plain


def test_spanish_reminder_without_accents_is_one_segment() -> None:
    text = (
        "Prairie Crossing: su cita es el sábado 28 de noviembre a las 10:00 en Paola. "
        "Responda C para confirmar, R para cambiarla o X si no podrá venir."
    )
    plain = without_accents(text)
    assert count_segments(text).segments == 3
    assert count_segments(plain).segments == 1
    assert "sabado" in plain
    assert "podra" in plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("mañana él sábado ¿sí? ¡año!", "mañana él sabado ¿si? ¡año!"),
        ("“Hi” – it’s…", '"Hi" - it\'s...'),
        ("cafe\u0301", "café"),
        ("1.ª visita n.º 3", "1.a visita n.o 3"),
        ("no\u00a0break\u200b", "no break"),
        ("Ǽ ½ ﬁ", "Æ ½ fi"),
        ("fácil 😀", "facil 😀"),
        ("Łódź", "Łodz"),
    ],
)
def test_without_accents(text: str, plain: str) -> None:
    assert without_accents(text) == plain
