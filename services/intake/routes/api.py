"""All API routes of intake."""

from apiflask import APIFlask

from kernel.assembly import Parts
from kernel.web.dead_events import dead_event_routes
from services.intake.routes.answered_routes import answered_routes
from services.intake.routes.callback_routes import callback_routes
from services.intake.routes.form_editor_routes import form_editor_routes
from services.intake.routes.identifier_routes import identifier_routes
from services.intake.routes.instrument_routes import instrument_routes
from services.intake.routes.link_routes import link_routes
from services.intake.routes.match_routes import match_routes
from services.intake.routes.merge_routes import merge_routes
from services.intake.routes.patient_routes import patient_routes
from services.intake.routes.questionnaire_routes import questionnaire_routes
from services.intake.routes.response_routes import response_routes
from services.intake.routes.submission_routes import submission_routes
from services.intake.routes.typed_entry_routes import typed_entry_routes
from services.intake.routes.upload_routes import upload_routes

PREFIX = "/api/intake/v1"


def add_api_routes(api: APIFlask, parts: Parts, link_days: int, *, secret_key: str) -> None:
    """Mount every API blueprint."""
    for blueprint in (
        submission_routes(parts.database),
        patient_routes(parts.database),
        callback_routes(parts.database),
        questionnaire_routes(parts.database),
        match_routes(parts.database),
        merge_routes(parts.database),
        identifier_routes(parts.database),
        form_editor_routes(parts.database, secret_key),
        instrument_routes(parts.database),
        link_routes(parts.database, link_days),
        typed_entry_routes(parts.database),
        upload_routes(parts.database),
        response_routes(parts.database),
        answered_routes(parts.database),
        dead_event_routes(parts.database),
    ):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
