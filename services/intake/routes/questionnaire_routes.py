"""Published questionnaires over HTTP, as the FHIR documents they are."""

from typing import Any

from apiflask import APIBlueprint

from kernel.database import Database
from kernel.web.principal import allow
from kernel.web.problems import not_found
from services.intake.queries.forms import questionnaire_document
from services.intake.questionnaires import HEADACHE_SPINE
from services.intake.routes.submission_routes import form_in_force
from services.intake.schemas import AnyOut

STAFF = {"nurse", "provider", "therapist", "front_desk", "manager", "admin"}


def questionnaire_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/questionnaires`."""
    routes = APIBlueprint("questionnaires", __name__)

    @routes.get("/questionnaires/<name>/<version>")
    @allow(roles=STAFF, scopes={"intake:read", "intake:write"}, services=True)
    @routes.output(AnyOut)
    def read(name: str, version: str) -> Any:
        """One published version (`current` for the newest) as FHIR R4 JSON; `name` ends its canonical address."""
        with database.transaction() as session:
            base = HEADACHE_SPINE.rpartition("/")[0]
            wanted = form_in_force(session).version if version == "current" else version
            document = questionnaire_document(session, f"{base}/{name}", wanted)
            if document is None:
                raise not_found("questionnaire")
            return document

    return routes
