"""Add a kind of visit, or change one: what it serves, how long it takes, who gives it and where."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.model.schedule import Provider, ProviderHours, ProviderSkill, Room, Site, VisitType
from services.referral.rules.visit_names import PATIENT_NAMES


def save_visit_type(
    session: Session,
    actor: Actor,
    row: VisitType | None,
    fields: Mapping[str, Any],
    *,
    providers: Sequence[str],
    routes_known: Collection[str],
) -> VisitType:
    """Add the visit type of `fields` (columns of `VisitType`), or make `row` (locked by the caller) that.

    Visits booked before keep their time. Raises 409 `id_taken` for an id in use, and 422 for a route, site, provider
    or kind of room nobody knows, and for a provider who works at none of the sites named.
    """
    if row is None and session.get(VisitType, fields["id"]) is not None:
        raise conflict(
            "id_taken", "Another kind of visit has this code. Choose a new one; nothing was stored."
        )
    problems = _problems(session, fields, providers, routes_known)
    if problems:
        raise invalid(problems, "Nothing was stored.")
    values = {**fields, "sms_name": PATIENT_NAMES[fields["sms_name"]], "changed_by": actor.id}
    if row is None:
        row = VisitType(**values, version=1)
        session.add(row)
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
    session.flush()
    session.execute(delete(ProviderSkill).where(ProviderSkill.visit_type_id == row.id))
    session.add_all(ProviderSkill(provider_id=one, visit_type_id=row.id) for one in sorted(set(providers)))
    details = {"version": row.version, "routes": list(row.routes), "active": row.active}
    record(session, actor, "save_visit_type", "visit_type", row.id, details=details)
    session.flush()
    return row


def _problems(
    session: Session, fields: Mapping[str, Any], providers: Sequence[str], routes_known: Collection[str]
) -> list[FieldProblem]:
    found = [
        FieldProblem(f"routes.{place}", "unknown_route")
        for place, route in enumerate(fields["routes"])
        if route not in routes_known
    ]
    if fields["sms_name"] not in PATIENT_NAMES:
        found.append(FieldProblem("sms_name", "not_in_values"))
    sites = set(session.scalars(select(Site.id).where(Site.active)))
    found += [
        FieldProblem(f"sites.{place}", "unknown_site")
        for place, site in enumerate(fields["sites"])
        if site not in sites
    ]
    if fields["room_kind"] not in set(session.scalars(select(Room.kind).where(Room.active))):
        found.append(FieldProblem("room_kind", "unknown_room_kind"))
    people = set(session.scalars(select(Provider.id).where(Provider.active)))
    works_at: dict[str, set[str]] = {}
    for provider_id, site_id in session.execute(select(ProviderHours.provider_id, ProviderHours.site_id)):
        works_at.setdefault(provider_id, set()).add(site_id)
    for place, one in enumerate(providers):
        if one not in people:
            found.append(FieldProblem(f"providers.{place}", "unknown_provider"))
        elif fields["sites"] and not works_at.get(one, set()) & set(fields["sites"]):
            found.append(FieldProblem(f"providers.{place}", "works_at_none_of_the_sites"))
    return found
