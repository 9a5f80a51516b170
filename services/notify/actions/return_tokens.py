"""Give back what was granted to a provider and not used."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

RETURN = """
UPDATE provider_state SET tokens = tokens + :n, sent_that_day = greatest(0, sent_that_day - :n) WHERE name = :name
"""


def return_tokens(session: Session, unused: Mapping[str, int]) -> None:
    """Put `unused` (name -> number) back; a bucket that is full meanwhile loses them at its next refill."""
    for name in sorted(unused):
        if unused[name] > 0:
            session.execute(text(RETURN), {"n": unused[name], "name": name})
