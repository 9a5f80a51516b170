"""Numbers a patient is kept under: entered, corrected and taken away on the patient's record."""

from typing import Any

from flask import Blueprint, request, url_for

from kernel.web.problems import Problem
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, id_or_404, staff_only
from services.dashboard.rules.identifier_kinds import identifiers_in
from services.dashboard.rules.roles import FRONT_DESK, MANAGER, NURSE

IDENTIFIES = frozenset({NURSE, FRONT_DESK, MANAGER})


def identifier_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of a patient's identifiers."""
    routes = Blueprint("identifiers", __name__)

    @routes.post("/staff/patients/<patient_id>/identifiers")
    @staff_only(IDENTIFIES)
    def enter(patient_id: str) -> Any:
        wanted = id_or_404(patient_id)
        given, wrong = identifiers_in(request.form)
        if wrong or not given:
            raise Problem(422, "invalid", wrong or "Type the number. Nothing was stored.")
        back = url_for("patients.patient", patient_id=wanted)
        path = f"/patients/{wanted}/identifiers"
        return act(desk, "intake", path, given[0], back=back, words="Keep the number")

    @routes.post("/staff/patients/<patient_id>/identifiers/<identifier_id>/remove")
    @staff_only(IDENTIFIES)
    def remove(patient_id: str, identifier_id: str) -> Any:
        wanted, which = id_or_404(patient_id), id_or_404(identifier_id)
        back = url_for("patients.patient", patient_id=wanted)
        path = f"/patients/{wanted}/identifiers/{which}/remove"
        return act(desk, "intake", path, {}, back=back, words="Take the number away")

    return routes
