"""An answer in the words the patient read: for looking back at what was said, never a score or a meaning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.form import Form, Item, answers_in, in_language


@dataclass(frozen=True, slots=True)
class Said:
    """A question and what was answered to it: one answer, or several."""

    question: str
    answers: tuple[str, ...]


def page_answers(
    form: Form,
    page: Item,
    items: Mapping[str, Any],
    language: str,
    words: Mapping[str, str],
    *,
    purse: Purse | None = None,
) -> list[Said]:
    """What the patient said on `page`, question by question, on the version it was answered on.

    `words` are yes, no, not_sure, none_of_these and file. Left out: what was not answered, and what the form works
    out by itself.
    """
    open_here = Branching(form, items, purse=purse)
    said = [
        Said(
            in_language(item.text, language),
            tuple(answer_words(item, items.get(item.link_id), language, words)),
        )
        for item in answers_in(page)
        if not item.hidden and open_here.is_open(item.link_id)
    ]
    return [one for one in said if one.answers]


def answer_words(item: Item, value: Any, language: str, words: Mapping[str, str]) -> Iterator[str]:
    """The words of one answer: several for a question with several, none for one left open."""
    if value is None or value == "":
        return
    if isinstance(value, Mapping):
        yield from _of_mapping(item, value, language, words)
    elif isinstance(value, bool):
        yield words["yes"] if value else words["no"]
    elif isinstance(value, list):
        if not value and item.offers_none:
            yield words["none_of_these"]
        for one in value:
            if item.kind == "group" and isinstance(one, Mapping):
                yield _row(item, one, language, words)
            else:
                yield from answer_words(item, one, language, words)
    else:
        option = item.option(value) if isinstance(value, str) else None
        yield in_language(option.text, language) if option else str(value)


def _of_mapping(
    item: Item, value: Mapping[str, Any], language: str, words: Mapping[str, str]
) -> Iterator[str]:
    if value.get("not_sure"):
        yield words["not_sure"]
    elif "value" in value:
        unit = next((one for one in item.units if one.code == value.get("unit")), None)
        yield f"{value['value']} {in_language(unit.text, language) if unit else ''}".strip()
    elif "text" in value:
        yield str(value["text"])
    elif "title" in value:
        yield words["file"]


def _row(group: Item, row: Mapping[str, Any], language: str, words: Mapping[str, str]) -> str:
    """One line of a list: a medicine with its days."""
    parts: list[str] = []
    for child in answers_in(group):
        said = ", ".join(answer_words(child, row.get(child.link_id), language, words))
        if said:
            parts.append(f"{in_language(child.text, language)}: {said}" if parts else said)
    return "; ".join(parts)
