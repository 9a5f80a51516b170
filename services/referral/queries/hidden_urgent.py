"""How many urgent referrals a filter hides: nobody should find out too late."""

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from services.referral.model.referral import Referral
from services.referral.queries.worklist import WorklistFilter, filter_conditions
from services.referral.rules.worklist_order import FLAGGED_FIRST

MOST_COUNTED = 1000


def count_hidden_urgent(session: Session, wanted: WorklistFilter) -> int:
    """Return how many open referrals with a red flag or a run-out clock the filter leaves out (1,000 at most)."""
    everywhere = filter_conditions(WorklistFilter(sites=wanted.sites))
    shown = filter_conditions(wanted)
    if len(shown) == len(everywhere) and not wanted.state:
        return 0
    urgent = (Referral.worklist_rank < FLAGGED_FIRST + 10, or_(Referral.flagged, Referral.breached))
    some = (
        select(Referral.id)
        .where(*everywhere, *urgent)
        .where(not_(and_(*shown)))
        .limit(MOST_COUNTED)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0
