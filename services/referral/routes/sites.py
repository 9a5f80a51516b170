"""GET /sites, /visit-types, /providers: what the clinic offers, where and by whom."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify

from kernel.assembly import Parts
from kernel.web.principal import allow
from services.referral.queries.sites import hours_of_site, list_providers, list_sites, list_visit_types
from services.referral.routes.schedule_shapes import SitesOut
from services.referral.rules.visibility import LIST_ROLES

READERS = LIST_ROLES | {"admin"}


def site_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the clinic's reference data."""
    routes = APIBlueprint("sites", __name__)

    @routes.get("/sites")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(SitesOut)
    @routes.doc(security="bearer")
    def sites() -> Any:
        """The sites with their opening hours (minutes of the local day, Monday = 0)."""
        with parts.database.transaction() as session:
            items = [
                {
                    "id": site.id,
                    "name": site.name,
                    "address": site.address,
                    "phone": site.phone,
                    "state": site.state,
                    "time_zone": site.time_zone,
                    "latitude": site.latitude,
                    "longitude": site.longitude,
                    "hours": [
                        {"weekday": h.weekday, "from_minute": h.from_minute, "until_minute": h.until_minute}
                        for h in hours_of_site(session, site.id)
                    ],
                }
                for site in list_sites(session)
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.get("/visit-types")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(SitesOut)
    @routes.doc(security="bearer")
    def visit_types() -> Any:
        """The kinds of visit, first visits before follow-ups."""
        with parts.database.transaction() as session:
            items = [
                {
                    "id": visit.id,
                    "name": visit.name,
                    "sms_name": visit.sms_name,
                    "routes": visit.routes,
                    "minutes": visit.minutes,
                    "buffer_before": visit.buffer_before,
                    "buffer_after": visit.buffer_after,
                    "lead_minutes": visit.lead_minutes,
                    "horizon_days": visit.horizon_days,
                    "alignment_minutes": visit.alignment_minutes,
                    "cutoff_minutes": visit.cutoff_minutes,
                    "first_visit": visit.first_visit,
                    "sites": visit.sites,
                    "version": visit.version,
                }
                for visit in list_visit_types(session)
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.get("/providers")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(SitesOut)
    @routes.doc(security="bearer")
    def providers() -> Any:
        """Who sees patients, what they do and where."""
        with parts.database.transaction() as session:
            items = [
                {
                    "id": provider.id,
                    "name": provider.name,
                    "profession": provider.profession,
                    "visit_types": skills,
                    "sites": sites,
                }
                for provider, skills, sites in list_providers(session)
            ]
        return jsonify(items=items, next_cursor=None)

    return routes
