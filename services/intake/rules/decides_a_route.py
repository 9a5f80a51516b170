"""Does a questionnaire ask what a route is decided by, or only follow a patient up?"""

from typing import Final

from services.intake.rules.form import Form

#: Scores and their items: asked again and again to follow somebody up, they start no referral by themselves.
_FOLLOW_UP: Final = frozenset(
    {"phq2_total", "phq9_total", "phq9_item9", "gad2_total", "nprs_now", "age_years"}
)


def decides_a_route(form: Form) -> bool:
    """True when the form fills a variable of the protocol that is more than a score to follow."""
    return not set(form.variables()) <= _FOLLOW_UP
