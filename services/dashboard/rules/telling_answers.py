"""Which answers of a case say something: a whole questionnaire is mostly "no", "none" and nought."""

from collections.abc import Mapping
from typing import Any

# Every case has them, and they say nothing of what is wrong.
_OF_EVERYONE = frozenset({"bp_systolic", "bp_diastolic", "contacts_same_problem"})
_NOTHING = frozenset({"none", "not_applicable", "not_pregnant", "no", "bilateral", "mild"})
MOST = 10


def telling_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers to show at a glance, at most ten: what was affirmed or chosen, and numbers that are not 0.

    The others are not left out for being unknown: each of them is an answer, told by their number.
    """
    affirmed = {name: value for name, value in answers.items() if value is True}
    chosen = {
        name: value
        for name, value in answers.items()
        if value
        and value is not True
        and name not in _OF_EVERYONE
        and not (isinstance(value, str) and value in _NOTHING)
    }
    return dict(list((affirmed | chosen).items())[:MOST])
