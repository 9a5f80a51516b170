"""One topic a page: shown, saved, and checked for red flags on every save."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.database import Database
from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.intake.actions.save_page import PageVisit, Saved, save_page
from services.intake.model import PatientLink
from services.intake.queries.drafts import Draft
from services.intake.queries.earlier_answers import earlier_answers, has_earlier_answers
from services.intake.queries.reading_rights import may_read
from services.intake.queries.rulebook import current_rulebook
from services.intake.routes import visitor
from services.intake.routes.answering import answer_link, draft_behind, draft_to_change, use_up, who_types
from services.intake.routes.entry_pages import exchange, gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.page_files import await_files, files_were_sent, take_files
from services.intake.routes.totals import Totals
from services.intake.routes.typing_for import TypingFor, typing_for
from services.intake.rules.branching import Branching, unanswered, without_hidden
from services.intake.rules.fault_words import fault_words
from services.intake.rules.form import Form, Item, in_language, walk
from services.intake.rules.initial_answers import initial_answers
from services.intake.rules.link_tokens import TOKEN_LENGTH
from services.intake.rules.open_fields import FIELDS_MOST, open_fields
from services.intake.rules.progress import progress
from services.intake.rules.read_page import PageRead, as_posted, read_page, rows_as_posted
from services.intake.rules.row_files import forget_pending, kept_files
from services.intake.texts import texts

CONTROL_FIELDS = frozenset({"csrf_token", "_seq", "_seen", "_shown", "_queued", "_keep", "_opens"})
#: A browser numbers its saves by its clock, in thousandths of a second: fifteen digits last for ever.
MOST_SEQUENCE = 10**15 - 1
Answer = Response | str | tuple[str, int]


def question_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the question pages."""
    routes = Blueprint("question", __name__)

    @routes.get("/q/<handle>/")
    def resume(handle: str) -> Answer:
        """Go to the first page not answered yet, after the birth date on a device that is new to the link."""
        if len(handle) == TOKEN_LENGTH:
            return exchange(database, handle, "answer")
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            page = draft_behind(session, link).next_open()
        if page is None:
            return redirect(url_for("review.look", handle=handle))
        return redirect(url_for("question.show", handle=handle, page_id=page.name))

    @routes.get("/q/<handle>/<page_id>")
    def show(handle: str, page_id: str) -> Answer:
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                return gate_page(facts)
            draft = draft_behind(session, link)
            page = _page(draft, page_id)
            return _shown(
                session,
                facts,
                link,
                draft,
                page,
                read=None,
                reads_back=may_read(session, link, visitor.device()),
                typing=typing_for(session, link, draft.submission),
            )

    @routes.post("/q/<handle>/<page_id>/open")
    def open_now(handle: str, page_id: str) -> Answer:
        """Which of the fields named in `_opens` are asked with what is typed on the page, and what the page works out
        of it; nothing is stored.
        """
        with database.transaction() as session:
            link = answer_link(session, handle)
            if not visitor.is_let_in(link.id):
                raise not_found("page")
            draft = draft_behind(session, link)
            page = _page(draft, page_id)
            return jsonify(_opened(session, link, draft, page))

    @routes.post("/q/<handle>/<page_id>")
    def save(handle: str, page_id: str) -> Answer:
        """Save the page. What does not fit is shown again as it was typed; nothing of it is stored.

        So is a page that another device saved since this one opened it: sent once more, it counts.
        """
        with database.transaction() as session:
            found = draft_to_change(session, handle)
            if found is None:
                return gate_page(facts)
            link, draft = found
            page = _page(draft, page_id)
            if request.form.get("_keep") == "yes" and not draft.may_show(page, visitor.device()):
                return redirect(_onward(handle, draft, page), 303)
            read = _read(draft, page)
            await_files(draft, page, read)
            read.faults = {**_missing(draft, page, read), **read.faults}
            if not read.faults and not draft.changed_elsewhere(page, visitor.device(), _seen()):
                take_files(session, who_types(link, draft.submission), draft, page, read)
            forget_pending(read.values)
            saved = _save(session, link, draft, page, read)
            if saved.urgent == "E":
                actor = who_types(link, draft.submission)
                return redirect(url_for("status.show", handle=use_up(session, actor, link)), 303)
            if read.faults or saved.conflict:
                typing = typing_for(session, link, draft.submission)
                shown = _shown(
                    session,
                    facts,
                    link,
                    draft,
                    page,
                    read=read,
                    conflict=saved.conflict,
                    typing=typing,
                )
                return shown, 409 if saved.conflict else 422
            onward = _onward(handle, saved.draft, page)
        if saved.notice is not None:
            return redirect(url_for("notice.show", handle=handle), 303)
        return redirect(onward, 303)

    return routes


def _opened(session: Session, link: PatientLink, draft: Draft, page: Item) -> dict[str, Any]:
    read = _read(draft, page)
    given = draft.answers_with({**read.values, **rows_as_posted(page, read)})
    worked = Totals(session, link, draft, page, given)
    names = request.form.getlist("_opens")[:FIELDS_MOST]
    opened = open_fields(draft.form, page, worked.items, names, draft.purse)
    return {"open": opened, "totals": worked.words_by_name(visitor.language())}


def _page(draft: Draft, page_id: str) -> Item:
    page = draft.open_page(page_id)
    if page is None:
        raise not_found("page")
    return page


def _save(session: Session, link: PatientLink, draft: Draft, page: Item, read: PageRead) -> Saved:
    """Save what was read; with faults in `read`, or a conflict, nothing was stored and the page is shown again.

    A page with a mistake is stored all the same when what is right on it is an emergency: that does not wait
    for a corrected telephone number.
    """
    actor = who_types(link, draft.submission)
    visit = _visit(link, draft, page, now(session).timestamp())
    faulty = {name.partition(".")[0] for name in read.faults}
    asks = draft.form.by_id
    sound = {key: value for key, value in read.values.items() if asks[key].name not in faulty}
    saved = save_page(
        session,
        actor,
        draft,
        rulebook=current_rulebook(session),
        page=page,
        values=sound,
        visit=visit,
        only_if_urgent=bool(read.faults),
    )
    read.faults.update({asks[key].name if key in asks else key: code for key, code in saved.faults.items()})
    return saved


def _read(draft: Draft, page: Item) -> PageRead:
    posted: Mapping[str, list[str]] = {
        name: values for name, values in request.form.lists() if name not in CONTROL_FIELDS
    }
    in_rows = any(name.endswith(".kept") for name in posted)
    kept = {str(one["id"]): one for one in kept_files(draft.items)} if in_rows else {}
    return read_page(page, posted, kept)


def _missing(draft: Draft, page: Item, read: PageRead) -> dict[str, str]:
    if not any(item.required or item.min_rows for item in walk(page)):
        return {}
    items = without_hidden(draft.form, draft.answers_with(read.values), (), draft.purse)
    names = unanswered(draft.form, page, items, draft.purse)
    return dict.fromkeys(as_posted(names, read.places), "required")


def _visit(link: PatientLink, draft: Draft, page: Item, moment: float) -> PageVisit:
    last = draft.sequence(page)
    given = read_whole(request.form.get("_seq", ""), MOST_SEQUENCE)
    queued = request.form.get("_queued") == "yes"
    shown = read_whole(request.form.get("_shown", ""), int(moment))
    seconds = -1 if shown is None else int(moment) - shown
    return PageVisit(
        sequence=given if queued and given is not None else last + 1,
        device=visitor.device(),
        language=visitor.language(),
        seen=_seen(),
        seconds=seconds if 0 <= seconds <= 86_400 else None,
        device_kind=visitor.device_kind(),
        mode=link.issued_mode,
    )


def _seen() -> int:
    seen = read_whole(request.form.get("_seen", ""), MOST_SEQUENCE)
    return -1 if seen is None else seen


def _onward(handle: str, draft: Draft, page: Item) -> str:
    following = draft.page_after(page)
    if following is None:
        return url_for("review.look", handle=handle)
    return url_for("question.show", handle=handle, page_id=following.name)


def _shown(
    session: Session,
    facts: PageFacts,
    link: PatientLink,
    draft: Draft,
    page: Item,
    *,
    read: PageRead | None,
    reads_back: bool = False,
    conflict: bool = False,
    typing: TypingFor | None = None,
) -> str:
    """The page as HTML: with stored answers, or with what was typed and what is wrong with it.

    With `reads_back` (a one-time code, or staff checked who is there) a page not saved yet shows the answers of the
    last visit; only saving the page makes them answers of this one.
    """
    chosen = visitor.language()
    pages = draft.pages
    index = next((number for number, one in enumerate(pages) if one.link_id == page.link_id), 0)
    before = pages[index - 1] if index else None
    faults = fault_words(read.faults, page, texts(chosen)["errors"]) if read else {}
    typed = {key: value for key, value in read.values.items() if value is not None} if read else {}
    handle = str(link.id)
    hidden = not reads_back and not draft.may_show(page, visitor.device())
    hidden_here = hidden and read is None
    fresh = read is None and not draft.is_saved(page)
    earlier = earlier_answers(session, draft, page) if reads_back and fresh else {}
    begun = initial_answers(page) if fresh else {}
    filled = draft.begun_on(page, visitor.device(), reads_back=reads_back) if fresh else {}
    withheld = fresh and filled != draft.begun_on(page, visitor.device(), reads_back=True)
    # What is worked out for today and for this patient is newer than what was said last time.
    typed = {**begun, **earlier, **filled, **typed, **(rows_as_posted(page, read) if read else {})}
    worked = Totals(session, link, draft, page, draft.answers_with(typed))
    return render_template(
        "question.html",
        lang=chosen,
        t=texts(chosen),
        typing=typing,
        handle=handle,
        page=page,
        progress=progress(draft.form, pages, page, draft.is_saved),
        back=url_for("question.show", handle=handle, page_id=before.name) if before else None,
        items=typed if hidden else draft.answers_with(typed),
        posted=request.form if read else None,
        files_again=read is not None and files_were_sent(),
        faults=faults,
        labels=dict(_labels(page, chosen)),
        opens_here=_opens_here(draft.form, page),
        branching=Branching(draft.form, worked.items, purse=draft.purse),
        totals=worked.words(chosen),
        answered_elsewhere=hidden_here,
        from_last_time=bool(earlier),
        filled_in=bool(filled),
        withheld=withheld,
        offer_code=hidden_here
        or withheld
        or (not reads_back and index == 0 and has_earlier_answers(session, draft)),
        saved=draft.is_saved(page) and not faults and not conflict,
        conflict=conflict,
        sequence=draft.sequence(page) + 1,
        shown_at=int(now(session).timestamp()),
        clinic_phone=facts.phone_shown,
    )


def _labels(page: Item, language: str) -> Iterator[tuple[str, str]]:
    for item in walk(page):
        yield item.name, in_language(item.text, language)


def _opens_here(form: Form, page: Item) -> frozenset[str]:
    """What opens by another answer of the same page, with what is in it: without a script it is always on the page."""
    here = {item.link_id for item in walk(page) if item.holds_answer}
    # A total may follow from what is typed here, wherever it stands.
    here |= {item.link_id for item in form.calculated}
    opened = [
        item
        for item in walk(page)
        if any(one.question in here for one in item.conditions)
        or (item.enabled_by is not None and (item.enabled_by.asks is None or item.enabled_by.asks & here))
    ]
    return frozenset(one.link_id for item in opened for one in walk(item))
