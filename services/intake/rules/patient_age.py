"""Age in whole years, the birth dates that can be true, and who may answer for a child."""

import re
from datetime import date
from typing import Final

OLDEST: Final = 120
OF_AGE: Final = 18
MAY_ANSWER_FOR_A_CHILD: Final = ("parent", "guardian", "referrer")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_US: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def age_years(born: date, today: date) -> int:
    """Whole years from `born` to `today`; someone born on 29 February turns older on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def birth_date_of(text: str, today: date) -> date | None:
    """The date written YYYY-MM-DD or, as is usual here, MM/DD/YYYY; None when it is neither or cannot be true."""
    plain = text.strip()
    if not plain.isascii():
        return None
    iso, us = _ISO.fullmatch(plain), _US.fullmatch(plain)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif us:
        month, day, year = (int(part) for part in us.groups())
    else:
        return None
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if born <= today and age_years(born, today) <= OLDEST else None


def needs_guardian(born: date, today: date, answered_by: str) -> bool:
    """True for a child whose answers are given by somebody who may not give them, the child included."""
    return age_years(born, today) < OF_AGE and answered_by not in MAY_ANSWER_FOR_A_CHILD
