"""All API routes of intake."""

from apiflask import APIFlask

from kernel.assembly import Parts
from services.intake.routes.callback_routes import callback_routes
from services.intake.routes.patient_routes import patient_routes
from services.intake.routes.questionnaire_routes import questionnaire_routes
from services.intake.routes.submission_routes import submission_routes

PREFIX = "/api/intake/v1"


def add_api_routes(api: APIFlask, parts: Parts) -> None:
    """Mount every API blueprint."""
    for blueprint in (
        submission_routes(parts.database),
        patient_routes(parts.database),
        callback_routes(parts.database),
        questionnaire_routes(parts.database),
    ):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
