"""Answers that say something lasted longer than the patient has lived: a slip of the unit, as a rule."""

from collections.abc import Mapping
from typing import Any, Final

#: Of one year, with a day or so to spare; of the units the protocol counts times since in.
IN_A_YEAR: Final = {"months": 12, "weeks": 53, "days": 366, "hours": 366 * 24}


def longer_than_life(answers: Mapping[str, Any], units: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """The variables of typed `answers` that say more than the patient's age and the year under way; `units` are (type,
    unit) of each. None without an age.
    """
    age = answers.get("age_years")
    if not isinstance(age, int):
        return ()
    return tuple(
        name
        for name, value in answers.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and (most := IN_A_YEAR.get(units.get(name, ("", ""))[1])) is not None
        and value > most * (age + 1)
    )
