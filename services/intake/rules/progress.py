"""How far a patient is, by the questionnaire's own sections: the groups its pages stand in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.intake.rules.form import Form, Item, Texts

#: More parts than this are one bar: side by side on a narrow phone they would be dots.
BARS_MOST = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One section with the pages of it that are open now, and how many of those were saved."""

    text: Texts
    pages: tuple[Item, ...]
    saved: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The open pages by section. `part` and `page` (both from 1) say where the page looked at stands.

    `by_page` is true when every section is one page: then the sections are the pages, and are counted as such.
    """

    parts: tuple[Part, ...]
    part: int
    page: int
    by_page: bool

    @property
    def here(self) -> Part:
        return self.parts[self.part - 1]

    @property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """(saved, all) for each bar to draw: one a section, or one for all when there are too many."""
        each = tuple((part.saved, len(part.pages)) for part in self.parts)
        if self.by_page or len(each) > BARS_MOST:
            return ((sum(saved for saved, _ in each), sum(pages for _, pages in each)),)
        return each


def progress(
    form: Form, pages: Sequence[Item], at: Item | None, is_saved: Callable[[Item], bool]
) -> Progress:
    """Return how far it is. `pages` are the open ones in order; `at` the page looked at, None on none of them.

    A section is what stands at the first level at which the form's pages differ: its top groups, or the groups in
    the one group that holds everything. Pages closed by branching are not counted, nor sections that have no other.
    """
    sections = form.sections
    parts: list[Part] = []
    part = page = 1
    for _, run in groupby(pages, key=lambda one: sections[one.link_id].link_id):
        inside = tuple(run)
        if at is not None and any(one.link_id == at.link_id for one in inside):
            part = len(parts) + 1
            page = next(n for n, one in enumerate(inside, 1) if one.link_id == at.link_id)
        text = sections[inside[0].link_id].text
        parts.append(Part(text, inside, sum(1 for one in inside if is_saved(one))))
    by_page = all(len(one.pages) == 1 for one in parts)
    return Progress(tuple(parts), part, page, by_page)
