"""Make a golden case of a past referral."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.add_golden_case import add_golden_case
from services.referral.model.protocol_life import GoldenCaseRow
from services.referral.model.referral import Referral
from services.referral.queries.protocols import PublishedProtocol
from services.referral.queries.referrals import live_decision

# A case is about answers, not about a person: what could tell who it was is left out.
LEFT_OUT = frozenset({"pregnancy_weeks", "postpartum_weeks"})


def add_case_of_referral(
    session: Session, actor: Actor, published: PublishedProtocol, referral: Referral, title: str
) -> GoldenCaseRow:
    """Add the referral's answers with the route and priority staff settled on as what must come out.

    Raises 409 `no_answers` when the referral has no decision in force.
    """
    decision = live_decision(session, referral.id)
    if decision is None or decision.answers is None:
        raise conflict("no_answers", "This referral has no answers in force to make a case of.")
    answers = {name: value for name, value in decision.answers.reveal().items() if name not in LEFT_OUT}
    overridden = (referral.route, referral.priority) != (referral.proposed_route, referral.proposed_priority)
    return add_golden_case(
        session,
        actor,
        published,
        title=title,
        answers=answers,
        expected={"route": referral.route, "priority": referral.priority},
        origin="override" if overridden else "past_case",
        referral_id=referral.id,
    )
