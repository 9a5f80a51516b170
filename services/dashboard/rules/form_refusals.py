"""Why a questionnaire was refused, in words a manager can act on."""

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final = {
    "circular": "is shown only when itself is answered; the conditions go round in a circle",
    "no_such_question": "asks about a question that is not there",
    "duplicate": "is used twice",
    "missing": "is missing",
    "wrong_type": "is not of the kind FHIR wants here",
    "not_in_values": "is none of the values FHIR knows",
    "too_large": "is too large or too deep",
    "too_long": "is too long",
    "script": "holds a script or a tag that pages must not show",
    "control_characters": "holds characters that cannot be shown, or that turn the text around",
    "not_understood": "changes the meaning in a way this system does not know",
    "out_of_range": "is out of range",
    "least_above_most": "has a least value above its most",
    "more_than_one_value": "has more than one value",
    "display_with_items": "is words only, and cannot hold questions",
    "other_fhir": "is written for another version of FHIR; this system takes R4",
    "not_a_questionnaire": "says that this is no Questionnaire",
}


def refusal_words(problem: Mapping[str, Any], title: str) -> list[str]:
    """One sentence a problem, with its place; the problem's title when it lists none."""
    errors = problem.get("errors") or []
    said = [
        f"{one.get('field')} {_WORDS.get(str(one.get('code')), str(one.get('code')).replace('_', ' '))}."
        for one in errors[:20]
    ]
    return said or [title]
