"""Fold the pieces of the worklist counts into one row per site and state."""

from sqlalchemy import text
from sqlalchemy.orm import Session

FOLD = """
WITH pieces AS (DELETE FROM referral_tally WHERE id <= :last RETURNING site, state, many)
INSERT INTO referral_tally (site, state, many)
SELECT site, state, sum(many) FROM pieces GROUP BY site, state HAVING sum(many) <> 0
"""


def fold_tallies(session: Session) -> None:
    """Replace the pieces by their sums. A reader sees the pieces or the sums, never both, never neither."""
    last = session.execute(text("SELECT max(id) FROM referral_tally")).scalar_one()
    if last is not None:
        session.execute(text(FOLD), {"last": last})
