"""The JSON shape of a FHIR document, before anything of it is read: lists where lists belong, objects in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PARTS_MAX: Final = 60_000
DEPTH_MAX: Final = 30
LISTS: Final = frozenset(
    "item contained extension modifierExtension enableWhen answerOption initial contains include concept designation"
    " identifier contact useContext jurisdiction coding".split()
)
OBJECTS: Final = frozenset(
    "valueCoding valueQuantity valueReference valueCodeableConcept answerCoding answerQuantity answerReference"
    " expansion compose _text _title _display meta".split()
)
#: Words and numbers that are read as they stand.
TEXTS: Final = frozenset(
    "url linkId text type system code display operator question prefix valueString valueCode".split()
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong with a document: where, and a stable code."""

    path: str
    code: str


def check_shape(document: Mapping[str, Any]) -> list[Refusal]:
    """What in `document` is not of the shape FHIR gives it; found without recursion."""
    found: list[Refusal] = []
    pending: list[tuple[Any, str, int]] = [(document, "", 1)]
    parts = 0
    while pending and len(found) < 100:
        part, path, depth = pending.pop()
        parts += 1
        if parts > PARTS_MAX or depth > DEPTH_MAX:
            return [Refusal(path[:200], "too_large")]
        if isinstance(part, Mapping):
            for key, value in part.items():
                at = f"{path}.{key}" if path else str(key)
                if not _fits(key, value, path):
                    found.append(Refusal(at[:200], "wrong_type"))
                else:
                    pending.append((value, at, depth + 1))
        elif isinstance(part, list):
            pending.extend((value, f"{path}[{index}]", depth + 1) for index, value in enumerate(part))
    return found


def _fits(key: str, value: Any, path: str) -> bool:
    if key in LISTS or (key == "code" and not isinstance(value, str)):
        return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)
    if key in OBJECTS:
        return isinstance(value, Mapping)
    return key not in TEXTS or isinstance(value, str)
