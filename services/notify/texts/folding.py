"""Folds a text to plain lower-case letters, so that spelling tricks and phone keyboards do not hide a word.

Accents, full-width forms, look-alike letters of other alphabets and invisible characters all fold away: `СТOP`
with Cyrillic letters, `ＳＴＯＰ` and `sto\\u200bp` read `stop`; `migraña` reads `migrana`.
"""

import unicodedata
from dataclasses import dataclass

# Letters of other alphabets that look like Latin ones, after lower-casing (from the Unicode confusables idea;
# only the shapes that occur in the words we look for).
_LOOK_ALIKES = str.maketrans(
    "авекмнорстухіѕјԁԛԝӏ" + "αβεικνοπρτυχ" + "ıȷ",
    "abekmhopctyxisjdqwl" + "abeikvonptyx" + "ij",
)
_JOINERS = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `origins[i]` is where its character `i` stood in the original."""

    text: str
    origins: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded piece `start:end` stood in the original."""
        return self.origins[start], self.origins[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold `text`; its length may change, the order of characters does not."""
    folded: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        if character in _JOINERS:
            continue
        for part in unicodedata.normalize("NFKD", character):
            if unicodedata.combining(part):
                continue
            for small in part.casefold().translate(_LOOK_ALIKES):
                folded.append(small)
                origins.append(position)
    return Folded("".join(folded), tuple(origins))
