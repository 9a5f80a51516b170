"""One topic a page: shown, saved, checked for red flags; then the review and the final send."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.context import Actor
from kernel.database import Database
from kernel.web.problems import not_found
from services.intake.actions.issue_link import find_link, issue_link
from services.intake.actions.save_page import PageVisit, save_page
from services.intake.actions.submit_draft import NotComplete, submit_draft
from services.intake.model import PatientLink
from services.intake.queries.drafts import Draft, draft_of
from services.intake.queries.rulebook import current_rulebook
from services.intake.routes import visitor
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.start_pages import gate_page
from services.intake.rules.branching import Branching, unanswered, without_hidden
from services.intake.rules.form import Item, answers_in
from services.intake.rules.read_page import PageRead, read_page
from services.intake.texts import texts

CONTROL_FIELDS = frozenset({"csrf_token", "_seq", "_shown", "_queued", "_keep"})
STATUS_LINK_DAYS = 180


def question_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the question pages."""
    routes = Blueprint("question", __name__)

    @routes.get("/q/<token>/")
    def resume(token: str) -> Response | str:
        """Go to the first page not answered yet, after the birth date on a device that is new to the link."""
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = _draft(session, link)
            page = draft.next_open()
        if page is None:
            return redirect(url_for("question.review", token=token))
        return redirect(url_for("question.show", token=token, page_id=page.link_id))

    @routes.get("/q/<token>/<page_id>")
    def show(token: str, page_id: str) -> Response | str:
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = _draft(session, link)
            page = draft.open_page(page_id)
            if page is None:
                raise not_found("page")
            return _shown(
                facts, token, draft, page, items=draft.items, faults={}, moment=now(session).timestamp()
            )

    @routes.post("/q/<token>/<page_id>")
    def save(token: str, page_id: str) -> Response | str | tuple[str, int]:
        """Save the page. What does not fit is shown again as it was typed; nothing of it is stored."""
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = _draft(session, link, lock=True)
            page = draft.open_page(page_id)
            if page is None:
                raise not_found("page")
            if request.form.get("_keep") == "yes" and not draft.may_show(page, visitor.device()):
                return redirect(_onward(token, draft, page), 303)
            read = _read(page)
            read.faults.update(_missing(draft, page, read))
            if not read.faults:
                actor = Actor("patient", str(link.patient_id))
                visit = _visit(draft, page, now(session).timestamp())
                rulebook = current_rulebook(session)
                saved = save_page(
                    session, actor, draft, rulebook=rulebook, page=page, values=read.values, visit=visit
                )
                read.faults.update(saved.faults)
            if read.faults:
                shown = {**draft.items, **{k: v for k, v in read.values.items() if v is not None}}
                body = _shown(
                    facts,
                    token,
                    draft,
                    page,
                    items=shown,
                    faults=read.faults,
                    moment=now(session).timestamp(),
                )
                session.rollback()
                return body, 422
            if saved.urgent == "E":
                return redirect(url_for("status.show", token=_close(session, actor, link)), 303)
            after = Draft(draft.submission, draft.patient, draft.form)
            onward = _onward(token, after, page)
        if saved.notice == "self_harm":
            return redirect(url_for("question.notice", token=token, next=onward), 303)
        return redirect(onward, 303)

    @routes.get("/notice/<token>")
    def notice(token: str) -> Response | str:
        """Help for somebody who thinks of hurting themselves, before any further question."""
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
        chosen = visitor.language()
        onward = url_for("question.resume", token=token)
        return render_template(
            "notice.html", lang=chosen, t=texts(chosen), onward=onward, clinic_phone=facts.phone_shown
        )

    @routes.get("/review/<token>")
    def review(token: str) -> Response | str:
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            return _review(facts, token, _draft(session, link), ())

    @routes.post("/review/<token>")
    def send(token: str) -> Response | str | tuple[str, int]:
        with database.transaction() as session:
            link = _link(session, token)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = _draft(session, link, lock=True)
            actor = Actor("patient", str(link.patient_id))
            try:
                submit_draft(session, actor, draft, current_rulebook(session))
            except NotComplete as missing:
                return _review(facts, token, draft, missing.pages), 422
            closed = _close(session, actor, link)
        return redirect(url_for("status.show", token=closed), 303)

    return routes


def _link(session: Session, token: str) -> PatientLink:
    link = find_link(session, token, "answer")
    if link is None or link.submission_id is None:
        raise not_found("page")
    return link


def _draft(session: Session, link: PatientLink, *, lock: bool = False) -> Draft:
    draft = draft_of(session, link.submission_id, lock=lock) if link.submission_id else None
    if draft is None:
        raise not_found("page")
    return draft


def _close(session: Session, actor: Actor, link: PatientLink) -> str:
    """The answering link is used up; the patient goes on with a link that only shows the status."""
    link.used_at = now(session)
    token, status_link = issue_link(
        session,
        actor,
        "status",
        patient_id=link.patient_id,
        submission_id=link.submission_id,
        days=STATUS_LINK_DAYS,
    )
    visitor.let_in(status_link.id)
    return token


def _read(page: Item) -> PageRead:
    posted: Mapping[str, list[str]] = {
        name: values for name, values in request.form.lists() if name not in CONTROL_FIELDS
    }
    return read_page(page, posted)


def _missing(draft: Draft, page: Item, read: PageRead) -> dict[str, str]:
    given = {**draft.items, **read.values}
    items = without_hidden(draft.form, {key: value for key, value in given.items() if value is not None})
    return dict.fromkeys(unanswered(draft.form, page, items), "required")


def _visit(draft: Draft, page: Item, moment: float) -> PageVisit:
    last = draft.sequence(page)
    given = request.form.get("_seq", "")
    queued = request.form.get("_queued") == "yes" and given.isascii() and given.isdigit() and len(given) < 16
    shown = request.form.get("_shown", "")
    seconds = int(moment) - int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 12 else -1
    return PageVisit(
        sequence=int(given) if queued else last + 1,
        device=visitor.device(),
        language=visitor.language(),
        seconds=seconds if 0 <= seconds <= 86_400 else None,
        device_kind=visitor.device_kind(),
    )


def _onward(token: str, draft: Draft, page: Item) -> str:
    following = draft.page_after(page)
    if following is None:
        return url_for("question.review", token=token)
    return url_for("question.show", token=token, page_id=following.link_id)


def _shown(
    facts: PageFacts,
    token: str,
    draft: Draft,
    page: Item,
    *,
    items: Mapping[str, Any],
    faults: Mapping[str, str],
    moment: float,
) -> str:
    chosen = visitor.language()
    pages = draft.pages
    index = next((number for number, one in enumerate(pages) if one.link_id == page.link_id), 0)
    before = pages[index - 1] if index else None
    hidden_here = not faults and not draft.may_show(page, visitor.device())
    visible = {} if hidden_here else items
    branching = Branching(draft.form, items)
    return render_template(
        "question.html",
        lang=chosen,
        t=texts(chosen),
        token=token,
        page=page,
        number=index + 1,
        total=len(pages),
        back=url_for("question.show", token=token, page_id=before.link_id) if before else None,
        items=visible,
        posted=request.form if faults else None,
        faults=faults,
        questions={item.link_id: item for item in answers_in(page)},
        opens_here=_opens_here(page),
        branching=branching,
        answered_elsewhere=hidden_here,
        saved=draft.sequence(page) >= 0 and not faults,
        sequence=draft.sequence(page) + 1,
        shown_at=int(moment),
        clinic_phone=facts.phone_shown,
    )


def _opens_here(page: Item) -> frozenset[str]:
    """Questions that open by another answer of the same page: without a script they are always on the page."""
    here = {item.link_id for item in answers_in(page)}
    return frozenset(
        item.link_id for item in answers_in(page) if any(one.question in here for one in item.conditions)
    )


def _review(facts: PageFacts, token: str, draft: Draft, missing: tuple[str, ...]) -> str:
    chosen = visitor.language()
    rows = [(page, draft.sequence(page) >= 0) for page in draft.pages]
    return render_template(
        "review.html",
        lang=chosen,
        t=texts(chosen),
        token=token,
        rows=rows,
        answered=sum(done for _, done in rows),
        missing=[page for page in draft.pages if page.link_id in missing],
        clinic_phone=facts.phone_shown,
    )
