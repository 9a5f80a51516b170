"""Published questionnaires over HTTP, as the FHIR documents they are."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.web.exact_answers import answer_exactly
from kernel.web.principal import allow
from kernel.web.problems import not_found
from services.intake.queries.drafts import draft_of
from services.intake.queries.drop_off import drafts_left_alone, saved_pages
from services.intake.queries.forms import current_form, published_versions, questionnaire_document
from services.intake.questionnaires import HEADACHE_SPINE
from services.intake.routes.list_queries import DropOffOfQuery, DropOffQuery, QuestionnairesQuery
from services.intake.routes.submission_routes import form_in_force
from services.intake.rules.drop_off import page_figures
from services.intake.rules.form import in_language
from services.intake.schemas import AnyOut

IDLE_HOURS = 24
REVIEW = "~review"
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
            return answer_exactly(document)

    @routes.get("/questionnaires")
    @allow(roles=STAFF, scopes={"intake:read", "intake:write"}, services=True)
    @routes.input(QuestionnairesQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def listed(query: QuestionnairesQuery) -> Any:
        """Published versions, newest first; with `url`, those of one canonical address and their documents."""
        with database.transaction() as session:
            items = []
            for one in published_versions(session, query.url, query.limit):
                told = {
                    "questionnaire": f"{one.form}|{one.version}",
                    "variables": one.variables,
                    "published_by": one.published_by,
                    "published_at": one.published_at.isoformat(),
                }
                items.append({**told, "document": one.document} if query.url else told)
            return answer_exactly({"items": items, "next_cursor": None})

    @routes.get("/questionnaires/<name>/drop-off")
    @allow(roles={"manager", "nurse"}, services=True)
    @routes.input(DropOffQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def drop_off(name: str, query: DropOffQuery) -> Any:
        """Per page, language and device: how many were shown it, answered it, gave up there, and the median time."""
        address = f"{HEADACHE_SPINE.rpartition('/')[0]}/{name}"
        with database.transaction() as session:
            return _figures(session, address, query.days)

    @routes.get("/drop-off")
    @allow(roles={"manager", "nurse"}, services=True)
    @routes.input(DropOffOfQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def drop_off_of(query: DropOffOfQuery) -> Any:
        """The same for any questionnaire, by its canonical address; rows without language and device are of all."""
        with database.transaction() as session:
            return _figures(session, query.url, query.days)

    return routes


def _figures(session: Session, address: str, days: int) -> dict[str, Any]:
    form = current_form(session, address)
    if form is None:
        raise not_found("questionnaire")
    moment = now(session)
    since = moment - timedelta(days=days)
    given_up = []
    for row in drafts_left_alone(session, address, since, moment, IDLE_HOURS):
        draft = draft_of(session, row.id, lock=False)
        if draft is not None:
            page = draft.next_open()
            where = page.link_id if page is not None else REVIEW
            given_up += [(where, row.language, row.device or "desktop"), (where, "", "")]
    order = [page.link_id for page in form.pages] + [REVIEW]
    figures = page_figures(order, saved_pages(session, address, since), given_up)
    titles = {page.link_id: in_language(page.text, "en") or page.link_id for page in form.pages}
    titles[REVIEW] = "Review and send"
    return {
        "items": [{**one.as_json(), "title": titles.get(one.page, one.page)} for one in figures],
        "questionnaire": form.questionnaire,
        "next_cursor": None,
    }
