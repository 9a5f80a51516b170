"""Patients: found by name, birth date or phone; and one of them with all that is going on."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def find_patients(owners: Owners, actor: Actor, query: str, limit: int = 25) -> list[dict[str, Any]]:
    """Return patients that match every word; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("intake", "/patients", actor, q=query, limit=str(limit))
    return list(body.get("items") or [])


def read_patient(owners: Owners, actor: Actor, patient_id: UUID) -> dict[str, Any]:
    """Return the patient's record; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("intake", f"/patients/{patient_id}", actor)
    return found


def referrals_of(owners: Owners, actor: Actor, patient_id: UUID) -> list[dict[str, Any]]:
    """Return every referral of the patient, open or closed; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("referral", "/referrals", actor, patient_id=str(patient_id), limit="100")
    return list(body.get("items") or [])


def contacts_of(owners: Owners, actor: Actor, patient_id: UUID) -> list[dict[str, Any]]:
    """Return each way to reach the patient with what stands in its way; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("notify", "/contacts", actor, patient_id=str(patient_id))
    return list(body.get("items") or [])
