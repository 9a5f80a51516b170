"""Scores of one person over time, by instrument."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.model import Submission
from services.intake.queries.records_of import records_of
from services.intake.questionnaires import instruments
from services.intake.rules.scores import band_of

MOST_SUBMISSIONS = 200


def score_trends(session: Session, patient_id: UUID) -> list[dict[str, Any]]:
    """Each instrument ever scored for the patient (and for records merged into theirs), points oldest first."""
    found = (
        select(Submission)
        .where(records_of(Submission.patient_id, patient_id), Submission.state.in_(("submitted", "stopped")))
        .order_by(Submission.submitted_at.desc())
        .limit(MOST_SUBMISSIONS)
    )
    points: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for submission in reversed(session.scalars(found).all()):
        content = submission.content
        held = content.reveal() if content is not None else {}
        for score in _scores(held):
            if score["value"] is not None and submission.submitted_at is not None:
                point = {key: score[key] for key in ("value", "band", "version")}
                told = {"submission_id": str(submission.id), "questionnaire": submission.questionnaire}
                points[score["instrument"]].append(
                    {"at": submission.submitted_at.isoformat(), **point, **told}
                )
    return [_trend(one, points[one["id"]]) for one in instruments() if points[one["id"]]]


def _scores(held: dict[str, Any]) -> list[dict[str, Any]]:
    """The scores as they were stored; of answers that came by variable, the totals given ("" for the version)."""
    stored = held.get("scores")
    if stored:
        return list(stored)
    given = []
    for instrument in instruments():
        items = instrument.get("items", ())
        name = instrument.get("fills") or (items[0] if len(items) == 1 else "")
        value = held.get("answers", {}).get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            band = band_of(instrument, value)
            given.append({"instrument": instrument["id"], "value": float(value), "band": band, "version": ""})
    return given


def _trend(instrument: dict[str, Any], points: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "instrument": instrument["id"],
        "name": instrument["name"],
        "range": instrument["range"],
        "bands": [{"name": name, "least": least} for name, least in instrument["bands"].items()],
        "change": instrument.get("change"),
        "loinc": instrument.get("loinc_total"),
        "source": instrument["source"],
        "status": instrument["status"],
        "points": points,
    }
