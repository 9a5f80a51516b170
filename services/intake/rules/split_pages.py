"""A questionnaire as pages: one topic each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.intake.rules.form import Item, answers_in

#: A group with more questions than this is shown group by group, when it has groups.
LONG_PAGE: Final = 25
#: Questions that stand in no group share pages of at most this many.
LOOSE_MOST: Final = 8
#: itemControl of a group that is a page of its own, and of one whose groups are.
PAGE: Final = "page"
TABS: Final = "tab-container"


def split_pages(items: tuple[Item, ...], title: Mapping[str, str]) -> tuple[Item, ...]:
    """Each top-level group is a page, one of pages a page for each group in it; questions in no group share pages.

    A group is one of pages when its document says so (itemControl `page` on a group in it, `tab-container` on itself),
    or when it is long.
    """
    pages: list[Item] = []
    loose: list[Item] = []

    def close() -> None:
        if loose:
            pages.append(_page_of(tuple(loose), title))
            loose.clear()

    for item in items:
        if item.kind == "group" and not item.repeats:
            close()
            pages.extend(_split(item, title))
            continue
        if len(loose) >= LOOSE_MOST or (loose and item.kind == "group"):
            close()
        loose.append(item)
        if item.kind == "group":
            close()
    close()
    return tuple(pages)


def _split(group: Item, title: Mapping[str, str]) -> tuple[Item, ...]:
    inner = [one for one in group.items if one.kind == "group"]
    questions = sum(1 for _ in answers_in(group))
    paged = group.control == TABS or any(one.control == PAGE for one in inner)
    if not inner or group.hidden or not (paged or questions > LONG_PAGE):
        # A page has a heading: one its publisher gave none is headed by what it stands in.
        return (group if any(group.text.values()) else replace(group, text=title),)
    return split_pages(group.items, group.text or title)


def _page_of(items: tuple[Item, ...], title: Mapping[str, str]) -> Item:
    first = items[0]
    words = first.text if first.kind == "group" and first.text else title
    return Item(link_id=first.link_id, name=first.name, kind="group", text=words, items=items, loose=True)
