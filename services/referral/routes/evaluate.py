"""POST /evaluate: answers in, decision with evidence out; nothing is stored."""

from typing import Any

from apiflask import APIBlueprint

from kernel.assembly import Parts
from kernel.web.api import STORES_NOTHING
from kernel.web.principal import allow
from kernel.web.problems import FieldProblem, invalid
from services.referral.actions.decide_route import decide_route, questions_to_ask
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.schemas import DecisionOut, EvaluateIn


def evaluate_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of `/evaluate`."""
    routes = APIBlueprint("evaluate", __name__)

    @routes.post("/evaluate")
    @allow(roles={"nurse", "provider"}, scopes={"referral:evaluate"}, services=True)
    @routes.input(EvaluateIn, arg_name="body")
    @routes.output(DecisionOut)
    @routes.doc(security="bearer", extensions={STORES_NOTHING: True})
    def evaluate(body: EvaluateIn) -> Any:
        """Evaluate answers under the protocol in force."""
        answers = body.root
        nested = answers.get("answers")
        if isinstance(nested, dict) and len(answers) == 1:
            answers = nested
        with parts.database.transaction() as session:
            published = publish_shipped_protocol(session)
        decided = decide_route(published, answers)
        if decided.refused_fields:
            raise invalid([FieldProblem(fault["field"], fault["code"]) for fault in decided.refused_fields])
        return {**decided.body(), "questions": questions_to_ask(published.protocol, answers)}

    return routes
