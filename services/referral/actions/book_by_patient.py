"""A patient books the time they chose by their link, after staff accepted the referral."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict, not_found
from services.referral.actions.book_slot import book_slot
from services.referral.actions.check_slot import Wish, require_kind
from services.referral.model.schedule import Site
from services.referral.queries.appointments import Visit
from services.referral.queries.referrals import find_referral
from services.referral.queries.sites import first_visit_of_route
from services.referral.rules.self_service import why_not_book


def book_by_patient(session: Session, referral_id: UUID, wish: Wish) -> Visit:
    """Book a visit the patient chose after staff accepted the referral: the first visit of the referral's route.

    Raises 404; 409 `call_first` (a warning sign), `questions_open` or `not_ready`, each with the phone to call,
    `slot_not_offered` for another kind of visit, and what `book_slot` raises.
    """
    referral = find_referral(session, referral_id, lock=True)
    if referral is None:
        raise not_found("referral")
    first = first_visit_of_route(session, referral.route)
    reason = why_not_book(referral.state, referral.flagged, referral.open_warnings)
    if reason or first is None:
        title = "Please call us to choose a time."
        raise conflict(reason or "not_ready", title, phone=phone_of(session, wish.site_id))
    require_kind(session, wish, first.id)
    return book_slot(session, Actor("patient", str(referral.patient_id)), referral, wish)


def phone_of(session: Session, site_id: str) -> str:
    """Return the site's phone number, or "" for a site nobody knows."""
    site = session.get(Site, site_id)
    return "" if site is None else site.phone
