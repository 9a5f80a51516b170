"""How many segments a text message costs, and how to make it cost fewer.

A phone network carries a text as 7-bit units when every character is in the GSM-7 alphabet
(3GPP TS 23.038), else as 16-bit units. One character outside the alphabet more than halves what fits:
`á í ó ú` are outside, `é ñ ü ¿ ¡` are inside.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These travel as an escape unit and a second unit.
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

# Joined messages lose room to a header that tells the phone their order.
GSM_ALONE, GSM_JOINED = 160, 153
UCS2_ALONE, UCS2_JOINED = 70, 67

_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‑": "-", "−": "-", "•": "-", "·": "-",
        "…": "...", "º": "o", "ª": "a", "°": "o", "ç": "c",
        "\t": " ", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
        "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None, "\u00ad": None,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """The cost of one text. `units` are septets (GSM-7) or 16-bit units (UCS-2)."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    left_in_segment: int
    outside_gsm: tuple[str, ...]


def count_segments(text: str) -> SegmentCount:
    """Count what a network would bill for `text`; an empty text counts 0 segments.

    Characters of two units are never cut at a segment's end, so the count can be one higher than units
    divided by room.
    """
    outside = tuple(dict.fromkeys(c for c in text if c not in GSM_BASIC and c not in GSM_EXTENSION))
    if outside:
        widths = [2 if ord(c) > 0xFFFF else 1 for c in text]
        alone, joined = UCS2_ALONE, UCS2_JOINED
    else:
        widths = [2 if c in GSM_EXTENSION else 1 for c in text]
        alone, joined = GSM_ALONE, GSM_JOINED
    units = sum(widths)
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if outside else "GSM-7"
    if units <= alone:
        return SegmentCount(encoding, units, 1 if units else 0, alone - units, outside)
    segments, used = 1, 0
    for width in widths:
        if used + width > joined:
            segments, used = segments + 1, 0
        used += width
    return SegmentCount(encoding, units, segments, joined - used, outside)


def without_accents(text: str) -> str:
    """The same words in GSM-7 where that can be done without changing a word.

    Only characters outside GSM-7 change: `mañana` stays, `sábado` becomes `sabado`, curly quotes become
    straight. What has no plain twin (an emoji, another script) is left, so that `count_segments` still
    names it.
    """
    plain: list[str] = []
    for character in unicodedata.normalize("NFC", text.translate(_PLAIN)):
        base = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        known = character in GSM_BASIC or character in GSM_EXTENSION
        has_twin = base != "" and all(c in GSM_BASIC or c in GSM_EXTENSION for c in base)
        plain.append(base if has_twin and not known else character)
    return "".join(plain)
