"""Scores over time, drawn, for pages about one patient."""

from typing import Any
from uuid import UUID

from services.dashboard.owners import Part, part
from services.dashboard.queries.questionnaires import score_trends
from services.dashboard.routes.desk import Desk, actor, me
from services.dashboard.rules.roles import SEES_ANSWERS
from services.dashboard.rules.trend_chart import Chart, trend_chart

Drawn = list[tuple[dict[str, Any], Chart]]


def charts_of(desk: Desk, patient_id: UUID | None) -> Part[Drawn]:
    """Each instrument scored for the patient with its drawing; none for a role that sees no answers."""
    if patient_id is None or me().role not in SEES_ANSWERS:
        return Part([])
    who = actor()
    return part(
        lambda: [(one, trend_chart(one)) for one in score_trends(desk.owners, who, patient_id)], Drawn()
    )
