"""GET /api/dashboard/v1/views: who viewed a patient."""

from typing import Any

from apiflask import APIBlueprint

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.principal import allow
from kernel.web.problems import FieldProblem, Problem, invalid
from services.dashboard.queries.patient_views import View, views_of_patient
from services.dashboard.rules.roles import MANAGER, PROVIDER
from services.dashboard.schemas import ViewsQuery


def view_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of the record of views."""
    routes = APIBlueprint("views", __name__, url_prefix="/api/dashboard/v1")

    @routes.get("/views")
    @allow(roles={MANAGER, PROVIDER}, scopes={"dashboard:read"}, services=True)
    @routes.input(ViewsQuery, location="query")
    @routes.doc(
        summary="Who viewed a patient",
        description="Staff who opened a page about one patient, newest first.",
        security="bearer",
        responses={200: "The views, with a cursor for more."},
    )
    def list_views(query_data: ViewsQuery) -> dict[str, Any]:
        patient_id = parse_id(query_data.patient_id)
        if patient_id is None:
            raise invalid([FieldProblem("patient_id", "uuid")])
        before = parse_id(query_data.cursor) if query_data.cursor else None
        if query_data.cursor and before is None:
            raise Problem(400, "cursor", "The cursor is not one this list gave out.")
        with database.transaction() as session:
            found = views_of_patient(session, patient_id, limit=query_data.limit + 1, before=before)
        page = found[: query_data.limit]
        more = len(found) > query_data.limit
        return {"items": [_shape(view) for view in page], "next_cursor": str(page[-1].id) if more else None}

    return routes


def _shape(view: View) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "at": view.at.isoformat(),
        "staff_id": str(view.staff_id),
        "staff_name": view.staff_name,
        "role": view.role,
        "page": view.page,
        "referral_id": str(view.referral_id) if view.referral_id else None,
    }
