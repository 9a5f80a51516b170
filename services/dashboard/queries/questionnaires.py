"""Questionnaires, their drafts and figures, and instruments, as their owner tells them."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def published_forms(owners: Owners, actor: Actor) -> list[dict[str, Any]]:
    """The newest published version of each questionnaire; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("intake", "/questionnaires", actor, limit="100")
    newest: dict[str, dict[str, Any]] = {}
    for one in body.get("items") or []:
        form, _, version = str(one["questionnaire"]).rpartition("|")
        newest.setdefault(form, {**one, "form": form, "version": version})
    return list(newest.values())


def published_document(owners: Owners, actor: Actor, form: str) -> dict[str, Any] | None:
    """The newest published document of `form`, or None; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("intake", "/questionnaires", actor, url=form, limit="1")
    found: dict[str, Any] | None = next((one["document"] for one in body.get("items") or []), None)
    return found


def form_drafts(owners: Owners, actor: Actor) -> list[dict[str, Any]]:
    """Drafts not published yet; raises `OwnerAway` or `OwnerRefused`."""
    return list(owners.get("intake", "/questionnaire-drafts", actor).get("items") or [])


def form_draft(owners: Owners, actor: Actor, draft_id: UUID) -> dict[str, Any]:
    """One draft with its document, checks and changes; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("intake", f"/questionnaire-drafts/{draft_id}", actor)
    return found


def form_preview(owners: Owners, actor: Actor, draft_id: UUID) -> dict[str, Any]:
    """Where the draft is shown as patients would see it; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("intake", f"/questionnaire-drafts/{draft_id}/preview", actor)
    return found


def instruments(owners: Owners, actor: Actor) -> list[dict[str, Any]]:
    """Instruments with their rights and permissions; raises `OwnerAway` or `OwnerRefused`."""
    return list(owners.get("intake", "/instruments", actor).get("items") or [])


def drop_off(owners: Owners, actor: Actor, form: str, days: int) -> dict[str, Any]:
    """Figures of each page of a questionnaire; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("intake", "/drop-off", actor, url=form, days=str(days))
    return found


def score_trends(owners: Owners, actor: Actor, patient_id: UUID) -> list[dict[str, Any]]:
    """Scores of a patient over time, by instrument; raises `OwnerAway` or `OwnerRefused`."""
    return list(owners.get("intake", f"/patients/{patient_id}/scores", actor).get("items") or [])
