"""What is wrong with an answer, in a sentence that says what would be right."""

from collections.abc import Mapping
from typing import Any, Final

from kernel.read_whole import read_whole
from services.intake.rules.check_value import bounds
from services.intake.rules.form import Item, walk
from services.intake.rules.upload_check import MOST_BYTES

_MEGABYTE: Final = 1_000_000


def fault_words(faults: Mapping[str, str], page: Item, errors: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each faulty field of `page`, by its name; `errors` are the sentences by code, in one language.

    A number out of range is told the range, a text of the wrong length the length, a file too large the size. They come
    in the order of the page.
    """
    items = {item.name: item for item in walk(page)}
    places = {name: place for place, name in enumerate(items)}

    def place(name: str) -> tuple[int, int, int]:
        # A field in a repeating group is named group.row.question; questions' own names hold no dot.
        first, _, rest = name.partition(".")
        row = read_whole(rest.partition(".")[0], 999)
        last = places.get(name.rpartition(".")[2], -1)
        return places.get(first, len(places)), -1 if row is None else row, last

    return {
        name: _sentence(faults[name], items.get(name.rpartition(".")[2]), errors)
        for name in sorted(faults, key=place)
    }


def _sentence(code: str, item: Item | None, errors: Mapping[str, str]) -> str:
    if item is not None and code == "out_of_range":
        least, most = bounds(item)
        ends = "between" if None not in (least, most) else "least" if most is None else "most"
        if (least, most) != (None, None):
            return errors[f"range_{ends}"].format(least=_plain(least), most=_plain(most))
    if item is not None and code in ("too_long", "too_short"):
        return errors[code + "_of"].format(most=item.max_length, least=item.min_length)
    if item is not None and code == "too_large" and 0 < item.max_bytes < MOST_BYTES:
        return errors["too_large_of"].format(most=_plain(max(0.1, round(item.max_bytes / _MEGABYTE, 1))))
    return errors.get(code, errors["other"])


def _plain(number: Any) -> str:
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)
