"""What was sent to a patient, what will be, and why something was not."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def messages_of_patient(owners: Owners, actor: Actor, patient_id: UUID | None) -> list[dict[str, Any]]:
    """Return the patient's messages, latest due first; raises `OwnerAway` or `OwnerRefused`."""
    if patient_id is None:
        return []
    body = owners.get("notify", "/messages", actor, patient_id=str(patient_id))
    return sorted(body.get("items") or [], key=lambda one: str(one.get("due_at") or ""), reverse=True)
