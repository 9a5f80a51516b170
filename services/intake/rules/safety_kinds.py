"""Which safety texts are due for red flags, and which of them a patient has to see first."""

from collections.abc import Sequence
from typing import Any, Final

from services.intake.rules.harm_words import is_about_self_harm

#: Kinds of safety text, the most urgent first.
KINDS: Final = ("emergency", "self_harm", "same_day")


def kinds_due(flags: Sequence[Any]) -> tuple[str, ...]:
    """The kinds of text due for the flags true now, most urgent first; none of them stands for another.

    Somebody sent to an emergency room is not told to wait for a call as well.
    """
    harm = [flag for flag in flags if is_about_self_harm(flag)]
    others = {flag.action for flag in flags if not is_about_self_harm(flag)}
    due = {
        "emergency": "E" in others,
        "self_harm": bool(harm),
        "same_day": "S" in others and "E" not in others,
    }
    return tuple(kind for kind in KINDS if due[kind])


def urgency(kind: str) -> int:
    """The place of a kind of text among `KINDS`: what is lowest is shown first."""
    return KINDS.index(kind) if kind in KINDS else len(KINDS)
