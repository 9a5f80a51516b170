"""Sites, providers and visit types as the clinic's reference data lists them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.referral.model.schedule import (
    Provider,
    ProviderHours,
    ProviderSkill,
    Site,
    SiteHours,
    VisitType,
)


def list_sites(session: Session) -> Sequence[Site]:
    """Return the active sites by name."""
    return session.scalars(select(Site).where(Site.active).order_by(Site.name)).all()


def find_site(session: Session, site_id: str) -> Site | None:
    """Return the active site, or None."""
    return session.scalars(select(Site).where(Site.id == site_id, Site.active)).first()


def hours_of_site(session: Session, site_id: str) -> Sequence[SiteHours]:
    """Return the site's weekly opening hours."""
    query = select(SiteHours).where(SiteHours.site_id == site_id)
    return session.scalars(query.order_by(SiteHours.weekday, SiteHours.from_minute)).all()


def list_visit_types(session: Session) -> Sequence[VisitType]:
    """Return the active visit types, first visits before follow-ups."""
    query = select(VisitType).where(VisitType.active)
    return session.scalars(query.order_by(VisitType.first_visit.desc(), VisitType.id)).all()


def find_visit_type(session: Session, visit_type_id: str) -> VisitType | None:
    """Return the active visit type, or None."""
    query = select(VisitType).where(VisitType.id == visit_type_id, VisitType.active)
    return session.scalars(query).first()


def list_providers(session: Session) -> list[tuple[Provider, list[str], list[str]]]:
    """Return the active providers by name, each with visit type ids and site ids."""
    skills: dict[str, list[str]] = {}
    for provider_id, visit_type_id in session.execute(
        select(ProviderSkill.provider_id, ProviderSkill.visit_type_id).order_by(ProviderSkill.visit_type_id)
    ):
        skills.setdefault(provider_id, []).append(visit_type_id)
    sites: dict[str, list[str]] = {}
    works = select(ProviderHours.provider_id, ProviderHours.site_id).distinct()
    for provider_id, site_id in session.execute(works.order_by(ProviderHours.site_id)):
        sites.setdefault(provider_id, []).append(site_id)
    query = select(Provider).where(Provider.active).order_by(Provider.name)
    return [
        (provider, skills.get(provider.id, []), sites.get(provider.id, []))
        for provider in session.scalars(query)
    ]


def first_visit_of_route(session: Session, route: str) -> VisitType | None:
    """Return the visit type a referral on `route` begins with, or None when the route has none."""
    return next(
        (visit for visit in list_visit_types(session) if visit.first_visit and visit.routes[0] == route), None
    )
