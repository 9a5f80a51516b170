"""What a patient filled in, as intake keeps it."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def submissions_of_patient(owners: Owners, actor: Actor, patient_id: UUID) -> list[dict[str, Any]]:
    """Every questionnaire begun or sent, newest first, without answers; raises `OwnerAway` or `OwnerRefused`."""
    return list(owners.get("intake", f"/patients/{patient_id}/submissions", actor).get("items") or [])


def submission_as_answered(owners: Owners, actor: Actor, submission_id: UUID) -> dict[str, Any]:
    """Questions and answers in words, who answered, safety texts and files; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("intake", f"/submissions/{submission_id}/as-answered", actor)
    return found
