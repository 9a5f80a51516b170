"""A draft of a questionnaire as patients would see it: the same templates, nothing stored, nobody's data."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.headers import CONTENT_SECURITY_POLICY
from kernel.web.problems import not_found
from services.intake.model import QuestionnaireDraft
from services.intake.routes import visitor
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.branching import Branching
from services.intake.rules.form import Form, Item, in_language, walk
from services.intake.rules.initial_answers import initial_answers
from services.intake.rules.progress import progress
from services.intake.rules.read_questionnaire import read_questionnaire
from services.intake.texts import texts

PREVIEW_SECONDS = 3600
_PURPOSE = "questionnaire preview"


def preview_token(secret_key: str, draft_id: object) -> str:
    """A token that shows one draft for an hour, to whoever holds it."""
    return URLSafeTimedSerializer(secret_key, salt=_PURPOSE).dumps(str(draft_id))


def preview_pages(database: Database, facts: PageFacts, secret_key: str) -> Blueprint:
    """Return the blueprint of previews."""
    routes = Blueprint("preview", __name__)
    signer = URLSafeTimedSerializer(secret_key, salt=_PURPOSE)

    def form_behind(token: str) -> Form:
        try:
            found = parse_id(str(signer.loads(token, max_age=PREVIEW_SECONDS)))
        except BadData:
            raise not_found("page") from None
        with database.transaction() as session:
            draft = session.get(QuestionnaireDraft, found) if found else None
            if draft is None:
                raise not_found("page")
            return read_questionnaire(draft.document)

    @routes.get("/preview/<token>/")
    @routes.get("/preview/<token>/<page_id>")
    def show(token: str, page_id: str = "") -> Response:
        """One page of the draft, every question open; it may stand in a frame of the staff pages."""
        form = form_behind(token)
        pages = [page for page in form.pages if not page.hidden]
        index = next((n for n, page in enumerate(pages) if page.name == page_id), 0)
        if not pages or (page_id and pages[index].name != page_id):
            raise not_found("page")
        answer = make_response(_rendered(facts, form, pages, index, token))
        policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        answer.headers["Content-Security-Policy"] = policy
        return answer

    return routes


def _rendered(facts: PageFacts, form: Form, pages: list[Item], index: int, token: str) -> str:
    chosen, page = visitor.language(), pages[index]

    def at(number: int) -> Any:
        inside = 0 <= number < len(pages)
        return url_for("preview.show", token=token, page_id=pages[number].name) if inside else None

    return render_template(
        "question.html",
        lang=chosen,
        t=texts(chosen),
        token=token,
        page=page,
        progress=progress(form, pages, page, lambda one: pages.index(one) < index),
        back=at(index - 1),
        preview_next=at(index + 1) or at(0),
        items=initial_answers(page),
        posted=None,
        faults={},
        labels={item.name: in_language(item.text, chosen) for item in walk(page)},
        opens_here=frozenset(form.by_id),
        branching=Branching(form, {}),
        totals={},
        sequence=0,
        shown_at=0,
        clinic_phone=facts.phone_shown,
    )
