"""The JSON shape of a FHIR R4 Questionnaire, checked before it is read: types, unknown parts, extensions, text.

What breaks the shape is refused with its path. What is sound but not understood (an extension, an element of a later
FHIR) is named in `dropped`: nothing is passed over in silence. A modifierExtension is refused, as FHIR asks of a
reader that does not know it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.rules.fhir_elements import ELEMENTS, LABELS, OPEN, fits, value_shape
from services.intake.rules.fhir_words import HONOURED, short
from services.intake.rules.unsafe_text import unsafe_text

PARTS_MAX: Final = 400_000
DEPTH_MAX: Final = 64
REFUSALS_MAX: Final = 100
#: Extensions whose text is HTML with a style of its own; it is kept and exported, and never shown.
STYLED: Final = frozenset({"rendering-xhtml"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong with a document: where, and a stable code."""

    path: str
    code: str


@dataclass
class Shape:
    """What was found: `refusals` with their paths, and by name what is `dropped` (kept, exported, not acted on)."""

    refusals: list[Refusal] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)

    def refuse(self, path: str, code: str) -> None:
        self.refusals.append(Refusal(path[:300], code))


@dataclass(frozen=True, slots=True)
class _Spot:
    """One element to look at: of what kind it is by FHIR, where, and by what name its extensions are listed."""

    kind: str
    value: Any
    path: str
    place: str
    depth: int

    def inside(self, kind: str, value: Any, path: str, place: str = "") -> "_Spot":
        return _Spot(kind, value, path, place or self.place, self.depth + 1)


def check_shape(document: Mapping[str, Any]) -> Shape:
    """Walk the whole document, without recursion; stops at the first hundred refusals and when it is too large."""
    found = Shape()
    pending = [_Spot("Questionnaire", document, "", "questionnaire", 1)]
    parts = 0
    while pending and len(found.refusals) < REFUSALS_MAX:
        spot = pending.pop()
        value, path = spot.value, spot.path
        parts += 1
        if parts > PARTS_MAX or spot.depth > DEPTH_MAX:
            return Shape([Refusal(path[:300], "too_large")])
        if isinstance(value, str):
            if code := unsafe_text(
                value, narrative=spot.place in STYLED or path.endswith((".div", "valueMarkdown"))
            ):
                found.refuse(path, code)
        elif spot.kind in ELEMENTS and isinstance(value, Mapping):
            pending.extend(_look_into(spot, found))
        elif isinstance(value, Mapping):
            pending.extend(spot.inside("any", one, _at(path, key)) for key, one in value.items())
        elif isinstance(value, list):
            pending.extend(spot.inside(spot.kind, one, f"{path}[{n}]") for n, one in enumerate(value))
    return found


def _at(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _look_into(spot: _Spot, found: Shape) -> Iterator[_Spot]:
    """Check one element's keys; yields what is in them."""
    kind, element = spot.kind, spot.value
    if kind == "Resource" and element.get("resourceType") == "ValueSet":
        kind = "ValueSet"
    here = LABELS.get(kind, spot.place)
    values = 0
    for key, value in element.items():
        at = _at(spot.path, key)
        shape = ELEMENTS[kind].get(key)
        if shape is None and (shape := value_shape(kind, key)):
            values += 1
        if shape is None and key.startswith("_"):
            place = spot.place if kind == "Extension" else f"{here}.{key[1:]}"
            yield from _shadow(spot.inside("Shadow", value, at, place), found)
        elif shape is None:
            if kind not in OPEN:
                found.dropped.add(f"{here}: {str(key)[:80]}")
            yield spot.inside("any", value, at, here)
        elif not fits(shape, value):
            found.refuse(at, "wrong_type")
        elif key == "modifierExtension":
            if value:
                found.refuse(at, "not_understood")
        elif key == "extension" and kind != "Extension":
            yield from _extensions(spot.inside("Extension", value, at, here), found)
        else:
            yield spot.inside(shape.strip("[]"), value, at, here)
    if values > 1:
        found.refuse(spot.path, "more_than_one_value")


def _shadow(spot: _Spot, found: Shape) -> Iterator[_Spot]:
    """`_text` and its like: an object (or a list of objects and nulls) that carries extensions of a plain value."""
    several = isinstance(spot.value, list)
    for one in spot.value if several else [spot.value]:
        if one is None and several:
            continue
        if not isinstance(one, Mapping) or not fits("[Extension]", one.get("extension", [])):
            found.refuse(spot.path, "wrong_type")
            return
        yield from _extensions(
            spot.inside("Extension", one.get("extension", []), f"{spot.path}.extension"), found
        )


def _extensions(spot: _Spot, found: Shape) -> Iterator[_Spot]:
    honoured = HONOURED.get(spot.place, frozenset())
    for number, one in enumerate(spot.value):
        url = str(one.get("url"))
        if url not in honoured:
            found.dropped.add(f"{spot.place.split('.')[0]}: {short(url)}")
        yield spot.inside("Extension", one, f"{spot.path}[{number}]", short(url))
