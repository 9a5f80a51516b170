"""A compiled questionnaire: pages of items, ready to render, to check answers against and to branch on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: An answer of somebody who was asked and does not know; kept apart from "no" and from "never asked".
NOT_SURE: Final[Mapping[str, Any]] = {"not_sure": True}
#: Answers by linkId: bool, number, text, code, list of codes, {"value", "unit"}, or a list of such mappings.
Items = Mapping[str, Any]
Texts = Mapping[str, str]
FIRST_LANGUAGE: Final = "en"


def in_language(texts: Texts, language: str) -> str:
    """The text in `language`, else in English, else in whatever language there is."""
    return texts.get(language) or texts.get(FIRST_LANGUAGE) or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. `exclusive` ones (such as "none of these") stand alone."""

    code: str
    system: str
    text: Texts
    exclusive: bool = False
    initial: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One enableWhen: `answer` is of the type the question's answers have."""

    question: str
    operator: str
    answer: Any


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to answer in; `factor` turns it into the item's first unit's base (minutes for durations)."""

    code: str
    text: Texts


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `variable` names what of the protocol it fills; `kind` is the FHIR item type."""

    link_id: str
    kind: str
    text: Texts
    help: Texts = field(default_factory=dict)
    prefix: str = ""
    required: bool = False
    repeats: bool = False
    options: tuple[Option, ...] = ()
    conditions: tuple[Condition, ...] = ()
    any_condition: bool = False
    variable: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    units: tuple[Unit, ...] = ()
    minimum: Any = None
    maximum: Any = None
    max_length: int = 10_000
    max_decimals: int | None = None
    min_rows: int = 0
    max_rows: int = 20
    offers_not_sure: bool = False
    offers_none: bool = False
    initial: Any = None
    hidden: bool = False
    read_only: bool = False
    control: str = ""
    max_bytes: int = 0
    media_types: tuple[str, ...] = ()
    items: tuple["Item", ...] = ()

    @property
    def holds_answer(self) -> bool:
        return self.kind not in ("group", "display")

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)


@dataclass(frozen=True, slots=True)
class Form:
    """A compiled questionnaire. `not_honoured` names what the document asks for and this system does not do."""

    url: str
    version: str
    title: Texts
    pages: tuple[Item, ...]
    by_id: Mapping[str, Item]
    parents: Mapping[str, str]
    not_honoured: tuple[str, ...] = ()

    @property
    def questionnaire(self) -> str:
        return f"{self.url}|{self.version}"

    def page(self, link_id: str) -> Item | None:
        return next((page for page in self.pages if page.link_id == link_id), None)

    def variables(self) -> list[str]:
        """Every protocol variable the form asks for, once, sorted."""
        asked = {item.variable for item in self.by_id.values() if item.variable}
        rows = {g.link_id for g in self.by_id.values() if g.variable and g.kind == "group"}
        return sorted(
            asked - {i.variable for i in self.by_id.values() if self.parents.get(i.link_id) in rows}
        )

    def row_group(self, link_id: str) -> str | None:
        """The repeating group `link_id` stands in, if any: its answers live in that group's rows."""
        parent = self.parents.get(link_id)
        while parent is not None:
            item = self.by_id[parent]
            if item.kind == "group" and item.repeats:
                return parent
            parent = self.parents.get(parent)
        return None


def walk(item: Item) -> Iterator[Item]:
    """`item` and everything in it, in order."""
    yield item
    for child in item.items:
        yield from walk(child)


def answers_in(page: Item) -> Iterator[Item]:
    """What a page stores: its questions, and its repeating groups as a whole."""
    for item in page.items if page.kind == "group" and not page.repeats else (page,):
        if item.kind == "group" and not item.repeats:
            yield from answers_in(item)
            continue
        if item.kind != "display":
            yield item
        if item.kind != "group":
            for child in item.items:
                yield from answers_in(child) if child.kind == "group" and not child.repeats else _one(child)


def _one(item: Item) -> Iterator[Item]:
    if item.kind != "display":
        yield item
    for child in item.items:
        yield from _one(child)
