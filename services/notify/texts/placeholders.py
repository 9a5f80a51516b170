"""Templates with {placeholders}: an unknown name is refused when saved, a missing value when rendered."""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from services.notify.texts.segments import count_segments

Language = Literal["en", "es"]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value a template may ask for, with the dearest values it can take (for the segment count).

    Two of them where the longest is not the dearest: `sábado` is shorter than `miércoles`, but its `á` is outside
    the alphabet of cheap texts.
    """

    name: str
    meaning: str
    dearest: Mapping[Language, tuple[str, ...]]


class TemplateError(ValueError):
    """A template cannot be saved or rendered; `problems` are (code, name or position) pairs."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{code}: {what}" for code, what in self.problems))


def _known(*rows: tuple[str, str, str, str]) -> Mapping[str, Placeholder]:
    def placeholder(name: str, meaning: str, english: str, spanish: str) -> Placeholder:
        return Placeholder(name, meaning, {"en": tuple(english.split("|")), "es": tuple(spanish.split("|"))})

    return MappingProxyType({row[0]: placeholder(*row) for row in rows})


# Weekday and month names in full, the longest of the five towns, a link with a 43-character token, a first name
# of 20 letters.
_LINK = "https://patients.prairiecrossing.example/q#t=" + "A" * 43
KNOWN = _known(
    ("clinic_name", "the clinic's neutral name", "Prairie Crossing", "Prairie Crossing"),
    ("clinic_phone", "the number to call", "(816) 555-0100", "(816) 555-0100"),
    (
        "first_name",
        "the patient's first name",
        "Maximiliana-Fernanda|María-Fernanda-Sofía",
        "Maximiliana-Fernanda|María-Fernanda-Sofía",
    ),
    (
        "visit_date",
        "weekday and day of the visit",
        "Wednesday, September 30",
        "miércoles 30 de septiembre|sábado 30 de septiembre",
    ),
    ("visit_time", "time of the visit at the site", "10:30 am", "10:30 a. m."),
    (
        "old_visit_date",
        "the day it was before a move",
        "Wednesday, September 30",
        "miércoles 30 de septiembre|sábado 30 de septiembre",
    ),
    ("old_visit_time", "the time it was before a move", "10:30 am", "10:30 a. m."),
    ("site_name", "the town of the site", "Lee's Summit", "Lee's Summit"),
    (
        "site_address",
        "street of the site",
        "12345 NW Prairie Crossing Pkwy",
        "12345 NW Prairie Crossing Pkwy",
    ),
    ("arrive_minutes", "minutes to come before the visit", "30", "30"),
    ("hold_minutes", "minutes an offered time is kept", "30", "30"),
    ("link", "a link that asks who is there", _LINK, _LINK),
    ("code", "a one-time code", "000000", "000000"),
)

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029]")


def check_template(template: str, known: Mapping[str, Placeholder] = KNOWN) -> tuple[str, ...]:
    """The placeholders of `template` in order of first use; raises TemplateError naming every problem.

    `{{` and `}}` stand for braces. Codes: `empty`, `unknown_placeholder`, `stray_brace`, `control_character`.
    """
    problems: list[tuple[str, str]] = []
    used: dict[str, None] = {}
    if not template.strip():
        problems.append(("empty", "the text has no words"))
    for piece in _PIECE.finditer(template):
        name = piece[1]
        if name is not None and name in known:
            used[name] = None
        elif name is not None:
            problems.append(("unknown_placeholder", name))
        elif piece[0] in "{}":
            problems.append(("stray_brace", f"character {piece.start() + 1}"))
    problems.extend(
        ("control_character", f"character {found.start() + 1}") for found in _CONTROL.finditer(template)
    )
    if problems:
        raise TemplateError(problems)
    return tuple(used)


def render(template: str, values: Mapping[str, str], known: Mapping[str, Placeholder] = KNOWN) -> str:
    """`template` with its values; braces inside a value are text, not placeholders.

    Raises TemplateError: the codes of `check_template`, `missing_value` for an absent or blank one, and
    `control_character` for a value with a line break or other control character.
    """
    problems: list[tuple[str, str]] = []
    for name in check_template(template, known):
        value = values.get(name)
        if value is None or not value.strip():
            problems.append(("missing_value", name))
        elif "\n" in value or _CONTROL.search(value):
            problems.append(("control_character", name))
    if problems:
        raise TemplateError(problems)
    return _filled(template, values)


def worst_case(template: str, language: Language, known: Mapping[str, Placeholder] = KNOWN) -> str:
    """`template` filled so that it costs the most segments it can, for the count in the editor."""
    used = check_template(template, known)
    choices = itertools.product(*(known[name].dearest[language] for name in used))
    texts = [_filled(template, dict(zip(used, chosen, strict=True))) for chosen in choices]
    return max(texts, key=lambda text: (count_segments(text).segments, count_segments(text).units))


def _filled(template: str, values: Mapping[str, str]) -> str:
    def piece(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else values[match[1]]

    return _PIECE.sub(piece, template)
