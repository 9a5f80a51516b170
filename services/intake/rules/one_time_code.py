"""One-time codes: how long, how many, how often (reliability.md 4.4)."""

import re
import secrets
from datetime import timedelta
from typing import Final

WORKS_FOR: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
MOST_SENDS_PER_HOUR: Final = 3
#: How long answers may be read after the right code: the patient's session of ASVS 7.3.
READING_TIME: Final = timedelta(minutes=30)


def new_code() -> str:
    """Six digits, each equally likely."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_in(typed: str) -> str:
    """The six digits somebody typed, spaces and dashes aside; "" when it is not that."""
    plain = re.sub(r"[\s\u2010-\u2015-]", "", typed)
    return plain if re.fullmatch(r"[0-9]{6}", plain) else ""
