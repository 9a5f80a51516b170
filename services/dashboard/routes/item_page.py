"""The page of one item of a draft, whichever section it is of."""

import json
from typing import Any

from flask import render_template

from services.dashboard.queries.protocol import SECTIONS, items_of
from services.dashboard.routes.desk import me
from services.dashboard.rules import derived_form, ranking_form, review_form, row_columns
from services.dashboard.rules.clause_form import GROUPS, rows_of
from services.dashboard.rules.item_fields import BLOCKS, NUMBERS_TO_SHOW
from services.dashboard.rules.item_forms import SIGNED, has_condition
from services.dashboard.rules.item_parts import MORE, Part, parts_of
from services.dashboard.rules.question_form import FILLED_BY, TYPES
from services.dashboard.rules.roles import PROVIDER

TEMPLATES = {
    "tie_breaks": "protocol_tie_break.html",
    "derived": "protocol_derived.html",
    "review_when": "protocol_review.html",
    "ranking": "protocol_ranking.html",
    "variables": "protocol_question.html",
}


def item_page(
    draft: dict[str, Any],
    section: str,
    item: dict[str, Any],
    *,
    is_new: bool,
    text: str = "",
    problem: str = "",
    status: int = 422,
    checks: dict[str, Any] | None = None,
    unsaved: bool = False,
) -> Any:
    """Return the page; with a `problem` it is an answer of `status`. `unsaved`: drawn from what was just typed."""
    document = draft["document"]
    variables = {str(one["id"]): one for one in items_of(document, "variables")}
    body = render_template(
        TEMPLATES.get(section, "protocol_item.html"),
        draft=draft,
        section=section,
        section_words=dict(SECTIONS)[section],
        item=item,
        is_new=is_new,
        parts=[(part, rows_of(part.condition, variables, part.key)) for part in _parts(item, section)],
        more=MORE.get(section, ()),
        variables=variables,
        groups=GROUPS,
        others={
            str(one["id"]): str(one.get("name") or "")
            for one in items_of(document, "red_flags") + items_of(document, "rules")
        },
        flags={str(one["id"]): str(one.get("name") or "") for one in items_of(document, "red_flags")},
        diagnoses=_codes(document),
        probable=_codes(document, ("probable",)),
        routes_=items_of(document, "routes"),
        tie_breaks=items_of(document, "tie_breaks"),
        blocks=BLOCKS,
        numbers=NUMBERS_TO_SHOW,
        question_types=TYPES,
        filled_by=FILLED_BY,
        row_columns=row_columns,
        derived_form=derived_form,
        review_form=review_form,
        ranking_form=ranking_form,
        worked_out={str(one["id"]) for one in items_of(document, "derived")},
        text=text or json.dumps(item, ensure_ascii=False, indent=1),
        problem=problem,
        may_sign=me().role == PROVIDER and section in SIGNED,
        version=draft.get("version"),
        checks=checks,
        unsaved=unsaved or bool(problem),
    )
    return (body, status) if problem else body


def _parts(item: dict[str, Any], section: str) -> list[Part]:
    if has_condition(item, section):
        return [Part("when", "when", "When", item.get("when"), {})]
    if section in TEMPLATES:
        return []
    return parts_of(item, section)


def _codes(
    document: dict[str, Any], forms: tuple[str, ...] = ("definite", "probable", "suspected")
) -> dict[str, str]:
    """Every diagnosis a rule may ask for, with its name: definite, probable and suspected forms."""
    codes: dict[str, str] = {}
    for one in items_of(document, "diagnoses"):
        if "definite" in forms:
            codes[str(one["id"])] = str(one.get("name") or "")
        for form in ("probable", "suspected"):
            holder = one.get(form)
            if form in forms and isinstance(holder, dict) and holder.get("id"):
                codes[str(holder["id"])] = str(holder.get("name") or "")
    return codes
