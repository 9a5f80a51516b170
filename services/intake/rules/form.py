"""A compiled questionnaire: pages of items, ready to render, to check answers against and to branch on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Any, Final

from services.intake.rules.read_expression import Node

#: An answer of somebody who was asked and does not know; kept apart from "no" and from "never asked".
NOT_SURE: Final[Mapping[str, Any]] = {"not_sure": True}
#: Answers by linkId: bool, number, text, code, list of codes, {"value", "unit"}, or a list of such mappings.
Items = Mapping[str, Any]
Texts = Mapping[str, str]
FIRST_LANGUAGE: Final = "en"
LOINC: Final = "http://loinc.org"
SCALE_MOST: Final = 21
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
#: Names of pages and fields that are ours; so are all that begin with "_".
_OURS: Final = frozenset({"csrf_token", "code", "later"})


def in_language(texts: Texts, language: str) -> str:
    """The text in `language`, else in English, else in whatever language there is."""
    return texts.get(language) or texts.get(FIRST_LANGUAGE) or next(iter(texts.values()), "")


def field_name(link_id: str) -> str:
    """A linkId as a form field, a page's address and an HTML id can carry it: other characters as ~ and hex.

    The first letter of a name that means something to the pages themselves is written that way too.
    """
    if link_id in _OURS or link_id.startswith("_"):
        return f"~{link_id[0].encode().hex()}" + (field_name(link_id[1:]) if link_id[1:] else "")
    if _PLAIN_NAME.fullmatch(link_id):
        return link_id
    return "".join(c if _PLAIN_NAME.fullmatch(c) else f"~{c.encode().hex()}" for c in link_id)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. `exclusive` ones (such as "none of these") stand alone.

    `code` is what answers hold; it is the coding's own `own_code`, unless two systems share that. `kind` is the
    value[x] the document gives it (Coding, String, Integer, Date, Time, Reference).
    """

    code: str
    system: str
    text: Texts
    exclusive: bool = False
    initial: bool = False
    score: float | None = None
    kind: str = "Coding"
    own_code: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One enableWhen: `answer` is as the question's answers are stored. A `unit` makes it an amount in that unit."""

    question: str
    operator: str
    answer: Any
    unit: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to answer in; `factor` turns it into the item's first unit's base (minutes for durations)."""

    code: str
    text: Texts
    system: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A named FHIRPath expression of the questionnaire or, with an `owner`, of what that item holds.

    One that is `at_start` asks for the patient or the clock, and is worked out only when a draft is begun.
    """

    name: str
    node: Node
    owner: str = ""
    at_start: bool = False
    personal: bool = False
    asks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A FHIRPath expression of the item `owner`, with the variables it may name, outermost first.

    A `personal` one tells something of the patient. `asks` are the linkIds it looks up; None when that cannot be told.
    """

    node: Node
    owner: str
    variables: tuple[Variable, ...] = ()
    personal: bool = False
    asks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `variable` names what of the protocol it fills; `kind` is the FHIR item type.

    `name` is the linkId as pages carry it. `rows_of` names the question whose answers are the rows of a group made
    here, each with the questions under it. A `loose` item is a page made here for questions that stand in no group.
    """

    link_id: str
    kind: str
    text: Texts
    name: str = ""
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
    min_length: int = 0
    pattern: str = ""
    entry_format: str = ""
    max_decimals: int | None = None
    min_rows: int = 0
    max_rows: int = 20
    offers_not_sure: bool = False
    offers_none: bool = False
    initial: Any = None
    hidden: bool = False
    read_only: bool = False
    control: str = ""
    horizontal: bool = False
    step: int = 1
    other_label: str = ""
    loose: bool = False
    max_bytes: int = 0
    media_types: tuple[str, ...] = ()
    enabled_by: Expression | None = None
    calculated: Expression | None = None
    begun: Expression | None = None
    rows_of: str = ""
    items: tuple["Item", ...] = ()

    @property
    def holds_answer(self) -> bool:
        return self.kind not in ("group", "display")

    @property
    def is_shown_to_change(self) -> bool:
        """Does somebody answer it on a page?"""
        return not self.hidden and not self.read_only

    @property
    def conditional(self) -> bool:
        """Is it asked only by other answers?"""
        return bool(self.conditions) or self.enabled_by is not None

    @property
    def scale(self) -> range | None:
        """The steps of a slider, few enough to be shown as numbers to press; None for any other question."""
        least, most = self.minimum if self.minimum is not None else 0, self.maximum
        if self.control != "slider" or self.kind not in ("integer", "decimal") or self.repeats:
            return None
        if (
            not isinstance(least, int)
            or not isinstance(most, int)
            or (most - least) // self.step >= SCALE_MOST
        ):
            return None
        return range(least, most + 1, self.step)

    @property
    def ticks(self) -> bool:
        """Is it a group of a row for each answer that can be ticked?"""
        return bool(self.rows_of and self.items[0].options)

    @property
    def places(self) -> int:
        """How many rows a page may show of a repeating group: as many as there are answers to tick, and one more."""
        return max(self.max_rows, len(self.items[0].options) + 1) if self.ticks else self.max_rows

    def under(self, code: str) -> tuple["Item", ...]:
        """Of a group of answers to tick: what may be asked under the answer `code`, whatever else is said."""
        asked = self.items[0].link_id
        return tuple(child for child in self.items[1:] if _may_open(child, asked, code))

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)


def _may_open(item: Item, asked: str, code: str) -> bool:
    """Could `item` be asked when the answer to `asked` is `code`? No only when a condition on that answer says so."""
    met = [
        (one.answer == code) is (one.operator == "=")
        for one in item.conditions
        if one.question == asked and one.operator in ("=", "!=")
    ]
    return any(met) or len(met) < len(item.conditions) if item.any_condition else all(met)


@dataclass(frozen=True)
class Form:
    """A compiled questionnaire. `not_honoured` names what the document asks for and this system does not do.

    `source` is the document, kept only where an expression looks answers up in it.
    """

    url: str
    version: str
    title: Texts
    pages: tuple[Item, ...]
    by_id: Mapping[str, Item]
    parents: Mapping[str, str]
    not_honoured: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def questionnaire(self) -> str:
        return f"{self.url}|{self.version}"

    @cached_property
    def link_ids_by_loinc(self) -> Mapping[str, str]:
        """The question asked under each LOINC code; the first, when two share one."""
        found: dict[str, str] = {}
        for item in self.by_id.values():
            for system, code in item.codes:
                if system == LOINC and item.holds_answer:
                    found.setdefault(code, item.link_id)
        return found

    @cached_property
    def calculated(self) -> tuple[Item, ...]:
        """Questions whose answers are worked out from others, in order."""
        return tuple(item for item in self.by_id.values() if item.calculated is not None)

    @cached_property
    def begun(self) -> tuple[Item, ...]:
        """Questions whose first answer is worked out when a draft is begun, in order."""
        return tuple(item for item in self.by_id.values() if item.begun is not None)

    @cached_property
    def answer_rows(self) -> tuple[Item, ...]:
        """Groups of one row for each answer to a question, outside other rows."""
        found = (item for item in self.by_id.values() if item.rows_of)
        return tuple(item for item in found if not self.row_groups(item.link_id))

    @cached_property
    def sections(self) -> Mapping[str, Item]:
        """What each page belongs to for whoever wants to know how far they are, by the page's linkId.

        It is the outermost group that does not hold all the pages; a page outside every group is a section itself,
        and pages made of questions in no group are one section as long as they follow each other.
        """
        shown = [page for page in self.pages if not page.hidden]
        trails = {page.link_id: [*self._around(page.link_id), page] for page in self.pages}
        common = 0
        if len(shown) > 1:
            levels = zip(*(trails[page.link_id] for page in shown), strict=False)
            common = sum(1 for _ in takewhile(lambda level: len({one.link_id for one in level}) == 1, levels))
        found: dict[str, Item] = {}
        before: Item | None = None
        for page in self.pages:
            section = trails[page.link_id][min(common, len(trails[page.link_id]) - 1)]
            if section.loose and before is not None and before.loose and before.text == section.text:
                section = before
            found[page.link_id] = before = section
        return found

    @cached_property
    def sometimes(self) -> frozenset[str]:
        """linkIds of what is asked only sometimes, by conditions of its own or of a group around it."""
        found: set[str] = set()
        for link_id, item in self.by_id.items():
            # A group comes before what is in it, so `found` knows of it already.
            if item.conditional or self.parents.get(link_id) in found:
                found.add(link_id)
        return frozenset(found)

    def _around(self, link_id: str) -> list[Item]:
        """The groups `link_id` stands in, outermost first."""
        found: list[Item] = []
        parent = self.parents.get(link_id)
        while parent is not None:
            found.append(self.by_id[parent])
            parent = self.parents.get(parent)
        return found[::-1]

    def page(self, link_id: str) -> Item | None:
        return next((page for page in self.pages if page.link_id == link_id), None)

    def columns(self, group: str) -> list[Item]:
        """What a row of the repeating group holds: its questions, also those in plain groups, and inner row groups."""
        return list(answers_in(self.by_id[group]))

    def variables(self) -> list[str]:
        """Every protocol variable the form asks for, once, sorted."""
        asked = {item.variable for item in self.by_id.values() if item.variable}
        rows = {g.link_id for g in self.by_id.values() if g.variable and g.kind == "group"}
        return sorted(
            asked - {i.variable for i in self.by_id.values() if self.parents.get(i.link_id) in rows}
        )

    def row_groups(self, link_id: str) -> list[str]:
        """The repeating groups `link_id` stands in, outermost first: its answers live in the rows of the last."""
        return [one.link_id for one in self._around(link_id) if one.kind == "group" and one.repeats]


def walk(item: Item) -> Iterator[Item]:
    """`item` and everything in it, in order."""
    yield item
    for child in item.items:
        yield from walk(child)


def answers_in(page: Item) -> Iterator[Item]:
    """What a page stores (or a row of a repeating group): its questions, and repeating groups in it as a whole."""
    for item in page.items if page.kind == "group" else (page,):
        if item.kind == "group" and not item.repeats:
            yield from answers_in(item)
            continue
        if item.kind != "display":
            yield item
        if item.kind != "group":
            for child in item.items:
                yield from answers_in(child if child.kind == "group" and not child.repeats else _alone(child))


def _alone(item: Item) -> Item:
    return Item(link_id=item.link_id, kind="group", text={}, items=(item,))
