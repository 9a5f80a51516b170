"""The working link and the open draft behind a request, and the end of both."""

from uuid import UUID

from flask import request
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import parse_id
from kernel.web.problems import from_status, not_found
from services.intake.actions.issue_link import issue_link
from services.intake.actions.refuse_link import KIND, MOST_PER_MINUTE
from services.intake.model import PatientLink, Submission
from services.intake.queries.drafts import Draft, draft_by_link, draft_of
from services.intake.queries.links import any_link, find_link, is_used_up, is_working, link_by_id
from services.intake.queries.tries import tries_so_far
from services.intake.routes import visitor

STATUS_LINK_DAYS = 180
KIOSK = "kiosk"
#: Staff type what the patient says by telephone or wrote on paper.
TYPED_BY_STAFF = ("phone", "paper")


#: The second of two waits for the first, and then finds no row.
OPEN_ONCE = text(
    "UPDATE patient_link SET opens_until = NULL WHERE id = :link_id AND opens_until IS NOT NULL RETURNING id"
)


class AlreadySent(Exception):
    """This browser sent its answers, or was stopped, and did not hear so: it is shown what came of it."""

    def __init__(self, link: PatientLink) -> None:
        super().__init__("already sent")
        self.link_id = link.id


class LinkRefused(Exception):
    """No working link is behind the request. Whatever the reason, the answer is the same page, and it is counted."""


def address() -> str:
    """The visitor's network address, as the one proxy before us tells it."""
    return request.remote_addr or ""


def take_token(session: Session, token: str, purpose: str) -> PatientLink:
    """The link of a token brought by a page's script, by hand or in a path; from here on the browser holds it.

    Raises `LinkRefused`, and 429 without looking the token up when this address brought too many wrong ones.
    """
    if tries_so_far(session, KIND, address(), "minute") > MOST_PER_MINUTE:
        raise from_status(429, {"Retry-After": "60"})
    link = find_link(session, token, purpose)
    if link is None:
        raise LinkRefused
    if link.issued_mode == KIOSK:
        # Whoever had the tablet before is forgotten before the next patient says who they are.
        visitor.leave()
        visitor.sit_at_kiosk()
    visitor.hold(link.id)
    opens_until = link.opens_until
    if opens_until is not None and _open_once(session, link.id) and opens_until > now(session):
        visitor.device()
        visitor.let_in(link.id)
    return link


def _open_once(session: Session, link_id: UUID) -> bool:
    """True for the first who asks, also of two at the same moment: whoever finds the address later in this browser's
    history is asked for the birth date.
    """
    return session.execute(OPEN_ONCE, {"link_id": link_id}).first() is not None


def held_link(session: Session, handle: str, purpose: str, *, lock: bool = False) -> PatientLink:
    """The working link with the id `handle`, which this browser brought the token of; raises `LinkRefused`."""
    link_id = parse_id(handle)
    if link_id is None or not visitor.holds(link_id):
        raise LinkRefused
    link = link_by_id(session, link_id, purpose, lock=lock)
    if link is None:
        raise LinkRefused
    return link


def answer_link(session: Session, handle: str) -> PatientLink:
    """The link a patient answers by; `LinkRefused` for everything else.

    Raises `AlreadySent` when this very browser used it up: an emergency text must not be lost with a connection.
    """
    link_id = parse_id(handle)
    link = None if link_id is None else any_link(session, link_id, "answer")
    if link is None:
        raise LinkRefused
    if visitor.is_let_in(link.id) and is_used_up(link):
        raise AlreadySent(link)
    if not visitor.holds(link.id) or not is_working(session, link) or link.submission_id is None:
        raise LinkRefused
    return link


def draft_behind(session: Session, link: PatientLink, *, lock: bool = False) -> Draft:
    """The link's open draft; 404 when it was sent or stopped."""
    draft = draft_of(session, link.submission_id, lock=lock) if link.submission_id else None
    if draft is None:
        raise not_found("page")
    return draft


def draft_to_change(session: Session, handle: str) -> tuple[PatientLink, Draft] | None:
    """The link and its open draft, locked; None for a browser that did not pass the birth date yet.

    Raises as `answer_link` and `draft_behind` do. What nearly every save needs is asked for by one statement.
    """
    link_id = parse_id(handle)
    if link_id is not None and visitor.is_let_in(link_id):
        found = draft_by_link(session, link_id)
        if found is not None and is_working(session, found[0]):
            return found
    link = answer_link(session, handle)
    return (link, draft_behind(session, link, lock=True)) if visitor.is_let_in(link.id) else None


def who_types(link: PatientLink, submission: Submission) -> Actor:
    """Whose deeds the answers given by `link` are: the patient's, or the member of staff's who types for them."""
    if link.issued_mode in TYPED_BY_STAFF and submission.author_kind == "staff":
        return Actor("staff", submission.author_id, submission.author_role)
    return Actor("patient", str(link.patient_id))


def use_up(session: Session, actor: Actor, link: PatientLink) -> str:
    """End the answering link; return the handle of one that only shows the status."""
    link.used_at = link.used_at or now(session)
    _, status_link = issue_link(
        session,
        actor,
        "status",
        patient_id=link.patient_id,
        submission_id=link.submission_id,
        days=STATUS_LINK_DAYS,
        mode=link.issued_mode,
        replaces_earlier=False,
    )
    visitor.let_in(status_link.id)
    return str(status_link.id)
