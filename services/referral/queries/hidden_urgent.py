"""How many urgent referrals a filter hides: nobody should find out too late."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.rows import cursor
from services.referral.queries.worklist import WorklistFilter, filter_sql
from services.referral.rules.worklist_order import FLAGGED_FIRST

MOST_COUNTED = 1000
HIDDEN = """
SELECT count(*) AS hidden FROM (
    SELECT FROM referral WHERE {everywhere} AND worklist_rank < $1 AND (flagged OR breached) AND NOT ({shown})
    LIMIT $2) AS urgent
"""


def count_hidden_urgent(session: Session, wanted: WorklistFilter) -> int:
    """Return how many open referrals with a red flag or a run-out clock the filter leaves out (1,000 at most)."""
    unfiltered = WorklistFilter(sites=wanted.sites)
    if wanted == unfiltered:
        return 0
    values: list[Any] = [FLAGGED_FIRST + 10, MOST_COUNTED]
    statement = HIDDEN.format(everywhere=filter_sql(unfiltered, values), shown=filter_sql(wanted, values))
    (found,) = cursor(session).execute(statement, values).fetchall()
    return int(found.hidden)
