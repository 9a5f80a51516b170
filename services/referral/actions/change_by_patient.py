"""What a patient does to a visit by their link: confirm, cancel, move; or, too late for that, ask for a call."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict, not_found
from services.referral.actions.ask_staff import ask_staff
from services.referral.actions.book_slot import book_slot
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.check_slot import Wish
from services.referral.actions.confirm_appointment import confirm_appointment
from services.referral.actions.lock_visit import lock_visit
from services.referral.actions.move_appointment import move_appointment
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import Site, VisitType
from services.referral.queries.appointments import LIVE_STATES, Visit
from services.referral.queries.referrals import find_referral
from services.referral.rules.self_service import may_change, why_not_book


@dataclass(frozen=True, slots=True)
class PatientsWish:
    """What became of a patient's wish: `done`, or `call_back` when it came too late to be done alone."""

    result: str
    appointment: Appointment


def confirm_by_patient(session: Session, appointment_id: UUID, version: int) -> PatientsWish:
    """Confirm the version of the visit the link shows. Raises 404; 409 when the visit has changed since."""
    appointment, patient = _own_visit(session, appointment_id, version)
    if appointment.state == "confirmed":
        return PatientsWish("done", appointment)
    return PatientsWish("done", confirm_appointment(session, patient, appointment_id, "link"))


def cancel_by_patient(session: Session, appointment_id: UUID, version: int, reason: str) -> PatientsWish:
    """Cancel the visit, or ask staff to call when the cut-off is over. Raises 404 and 409."""
    appointment, patient = _own_visit(session, appointment_id, version)
    if not _in_time(session, appointment):
        return PatientsWish(
            "call_back", ask_staff(session, patient, appointment_id, "cannot_come", version=version)
        )
    return PatientsWish("done", cancel_appointment(session, patient, appointment_id, reason))


def move_by_patient(session: Session, appointment_id: UUID, version: int, wish: Wish) -> PatientsWish:
    """Move the visit, or ask staff to call when the cut-off is over. Raises what `move_appointment` raises."""
    appointment, patient = _own_visit(session, appointment_id, version)
    if not _in_time(session, appointment):
        return PatientsWish(
            "call_back", ask_staff(session, patient, appointment_id, "reschedule", version=version)
        )
    visit = move_appointment(session, patient, appointment_id, wish, reason="patient_by_link")
    return PatientsWish("done", visit.appointment)


def book_by_patient(session: Session, referral_id: UUID, wish: Wish) -> Visit:
    """Book a visit the patient chose after staff accepted the referral.

    Raises 404; 409 `call_first` (a warning sign), `questions_open` or `not_ready`, each with the phone to call, and
    what `book_slot` raises.
    """
    referral = find_referral(session, referral_id, lock=True)
    if referral is None:
        raise not_found("referral")
    reason = why_not_book(referral.state, referral.flagged, referral.unknown_count)
    if reason:
        raise conflict(reason, "Please call us to choose a time.", phone=phone_of(session, wish.site_id))
    return book_slot(session, Actor("patient", str(referral.patient_id)), referral_id, wish)


def phone_of(session: Session, site_id: str) -> str:
    """Return the site's phone number, or "" for a site nobody knows."""
    site = session.get(Site, site_id)
    return "" if site is None else site.phone


def _own_visit(session: Session, appointment_id: UUID, version: int) -> tuple[Appointment, Actor]:
    appointment, _ = lock_visit(session, appointment_id)
    if appointment.version != version or appointment.state not in LIVE_STATES:
        raise conflict(
            "visit_changed",
            "This visit has changed since the link was sent. Nothing was changed now.",
            state=appointment.state,
            phone=phone_of(session, appointment.site_id),
        )
    return appointment, Actor("patient", str(appointment.patient_id))


def _in_time(session: Session, appointment: Appointment) -> bool:
    visit = session.get_one(VisitType, appointment.visit_type_id)
    return may_change(appointment.state, appointment.starts_at, visit.cutoff_minutes, now(session))
