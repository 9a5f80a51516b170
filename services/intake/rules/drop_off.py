"""From saves and drafts left alone to figures per page: who was asked, who answered, who gave up there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PageFigures:
    """`shown` = answered + gave up here. `median_seconds` is of those who answered."""

    page: str
    language: str
    device: str
    answered: int
    gave_up: int
    median_seconds: float | None

    def as_json(self) -> dict[str, Any]:
        shown = self.answered + self.gave_up
        return {
            "page": self.page,
            "language": self.language,
            "device": self.device,
            "shown": shown,
            "answered": self.answered,
            "gave_up": self.gave_up,
            "gave_up_share": round(self.gave_up / shown, 4) if shown else 0.0,
            "median_seconds": self.median_seconds,
        }


def page_figures(
    order: Sequence[str], saves: Iterable[Any], given_up: Iterable[tuple[str, str, str]]
) -> list[PageFigures]:
    """Figures in the form's order. `given_up` are (page, language, device) where a draft left alone stands."""
    left: dict[tuple[str, str, str], int] = defaultdict(int)
    for key in given_up:
        left[key] += 1
    answered = {(row.page, row.language, row.device): row for row in saves}
    figures = []
    for key in {*answered, *left}:
        row = answered.get(key)
        median = None if row is None or row.median is None else float(row.median)
        figures.append(PageFigures(*key, int(row.saved) if row else 0, left.get(key, 0), median))
    places = {page: place for place, page in enumerate(order)}
    return sorted(figures, key=lambda one: (places.get(one.page, len(places)), one.language, one.device))
