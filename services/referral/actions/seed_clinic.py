"""Load a clinic's sites, rooms, visit types and providers from a document. Safe to run again."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kernel.ids import new_id
from services.referral.model.schedule import (
    Provider,
    ProviderHours,
    ProviderSkill,
    Room,
    Seat,
    Site,
    SiteHours,
    VisitType,
)

CLINIC_FILE = Path(__file__).resolve().parent.parent / "data" / "clinic.yaml"
VALID_FROM = date(2020, 1, 1)
OVERBOOK_ORDINAL = 100
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
R = TypeVar("R", Site, Room, Provider, VisitType)


def read_clinic(path: Path = CLINIC_FILE) -> dict[str, Any]:
    """Return the clinic document at `path` (YAML)."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def seed_clinic(session: Session, document: Mapping[str, Any]) -> None:
    """Make the reference data what `document` says: rows are added or changed, and hours replaced.

    Nothing is deleted that a visit may name: a site, room, provider or seat that left the document turns inactive.
    Visit types staff made or changed on the dashboard stay as they are, with who gives them.
    Raises ValueError or KeyError when the document does not make sense; then nothing is written.
    """
    staffs = set(session.scalars(select(VisitType.id).where(VisitType.changed_by != "")))
    for fields in document["visit_types"]:
        if fields["id"] in staffs:
            continue
        _save(session, VisitType(**{"buffer_before": 0, "buffer_after": 0, "active": True} | fields))
    for fields in document["sites"]:
        _seed_site(session, dict(fields))
    session.flush()
    for fields in document["providers"]:
        _seed_provider(session, dict(fields), staffs)
    _retire(session, Site, {site["id"] for site in document["sites"]})
    _retire(session, Provider, {provider["id"] for provider in document["providers"]})
    _retire(session, VisitType, staffs | {visit["id"] for visit in document["visit_types"]})
    session.flush()


def _seed_site(session: Session, fields: dict[str, Any]) -> None:
    hours, rooms = fields.pop("hours"), fields.pop("rooms")
    site = _save(session, Site(active=True, **fields))
    session.flush()
    session.execute(delete(SiteHours).where(SiteHours.site_id == site.id))
    session.add_all(SiteHours(id=new_id(), site_id=site.id, **hour) for hour in _weekly(hours))
    for room_id, kind, name, seats in _rooms(site.id, rooms):
        _save(session, Room(id=room_id, site_id=site.id, name=name, kind=kind, active=True))
        session.flush()
        _seed_seats(session, seats, room_id=room_id)


def _rooms(site_id: str, rooms: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int]]:
    """Yield id, kind, name and seats. `exam: 3` is three rooms of one seat; `gym: [6]` one room of six."""
    for kind, given in rooms.items():
        sizes = [1] * given if isinstance(given, int) else given
        for number, seats in enumerate(sizes, 1):
            yield f"{site_id}-{kind}-{number}", kind, f"{kind.capitalize()} {number}", seats


def _seed_provider(session: Session, fields: dict[str, Any], staffs: set[str]) -> None:
    skills, hours, seats = fields.pop("skills"), fields.pop("hours"), fields.pop("seats", 1)
    provider = _save(session, Provider(active=True, **fields))
    session.flush()
    shipped = ProviderSkill.visit_type_id.not_in(staffs)
    session.execute(delete(ProviderSkill).where(ProviderSkill.provider_id == provider.id, shipped))
    session.execute(delete(ProviderHours).where(ProviderHours.provider_id == provider.id))
    session.add_all(
        ProviderSkill(provider_id=provider.id, visit_type_id=skill) for skill in skills if skill not in staffs
    )
    for site_id, weekly in hours.items():
        session.add_all(
            ProviderHours(id=new_id(), provider_id=provider.id, site_id=site_id, **hour)
            for hour in _weekly(weekly)
        )
    _seed_seats(session, seats, provider_id=provider.id)


def _seed_seats(session: Session, seats: int, **owner: str) -> None:
    """Give the owner `seats` seats and one more for overbooking; a seat too many turns inactive."""
    present = {seat.ordinal: seat for seat in session.scalars(select(Seat).filter_by(**owner))}
    for ordinal in (*range(1, seats + 1), OVERBOOK_ORDINAL):
        if ordinal not in present:
            session.add(Seat(ordinal=ordinal, overbook=ordinal == OVERBOOK_ORDINAL, active=True, **owner))
    for ordinal, seat in present.items():
        seat.active = ordinal <= seats or seat.overbook


def _weekly(hours: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield the columns of hours from {"mon-fri": ["08:00-12:00", …]}."""
    for days, stretches in hours.items():
        first, _, last = days.partition("-")
        for weekday in range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1):
            for stretch in stretches:
                opens, closes = (_minute(part) for part in stretch.split("-"))
                yield {
                    "weekday": weekday,
                    "from_minute": opens,
                    "until_minute": closes,
                    "valid_from": VALID_FROM,
                    "valid_until": None,
                }


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _save(session: Session, row: R) -> R:
    return session.merge(row)


def _retire(session: Session, kind: type[R], kept: set[str]) -> None:
    for row in session.scalars(select(kind).where(kind.id.not_in(kept))):
        row.active = False
