"""Answers a questionnaire comes with: shown for the patient to keep or change, or set where nobody is asked."""

from typing import Any

from services.intake.rules.form import Form, Item, answers_in


def initial_answers(page: Item) -> dict[str, Any]:
    """Initial values of the questions of a page, to be shown on it; they count once the page is saved."""
    return {item.link_id: value for item in answers_in(page) if (value := _begun(item)) is not None}


def _begun(item: Item) -> Any:
    """An answer to begin with; of a repeating group, its first row, unless each row needs an answer of its own."""
    if item.initial is not None or item.kind != "group" or item.rows_of:
        return item.initial
    row = {child.link_id: value for child in answers_in(item) if (value := _begun(child)) is not None}
    return [row] if row else None


def answers_nobody_gives(form: Form) -> dict[str, Any]:
    """Initial values of questions that are hidden or only shown: they hold from the start."""
    return {
        item.link_id: item.initial
        for page in form.pages
        for item in answers_in(page)
        if item.initial is not None and (item.hidden or item.read_only)
    }
