"""Which golden cases one page shows: hundreds in one table were a page of forty screens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.read_whole import read_whole

PAGE = 40


@dataclass(frozen=True)
class CasesShown:
    """The `items` of one page from `first` (0 is the first found), of `found` that fit and `total` there are."""

    items: Sequence[Mapping[str, Any]]
    first: int
    found: int
    total: int
    opened: str
    words: str

    @property
    def earlier(self) -> str:
        """Where the page before starts; "" on the first."""
        return str(max(0, self.first - PAGE)) if self.first else ""

    @property
    def later(self) -> str:
        """Where the next page starts; "" on the last."""
        return str(self.first + PAGE) if self.first + PAGE < self.found else ""


def page_of_golden_cases(items: Sequence[Mapping[str, Any]], asked: Mapping[str, str]) -> CasesShown:
    """Return the page `asked` for: `find` words (all must fit), `from` a number, or the one where `case` is."""
    words = asked.get("find", "").strip()
    fits = [one for one in items if all(word in _said(one) for word in words.casefold().split())]
    opened = asked.get("case", "")
    at = next((number for number, one in enumerate(fits) if one.get("code") == opened), None)
    first = at if at is not None else read_whole(asked.get("from", ""), 100_000) or 0
    first = first // PAGE * PAGE if first < len(fits) else 0
    return CasesShown(fits[first : first + PAGE], first, len(fits), len(items), opened, words)


def _said(case: Mapping[str, Any]) -> str:
    """The code, the title, where it comes from and what is expected, in small letters."""
    expected = case.get("expected") or {}
    parts = [case.get("code"), case.get("title"), case.get("origin"), *expected.values()]
    return " ".join(str(part) for part in parts if part).replace("_", " ").casefold()
