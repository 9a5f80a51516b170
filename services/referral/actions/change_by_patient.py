"""What a patient does to a visit by their link: confirm, cancel, move; or, too late for that, ask for a call."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.ask_staff import ask_staff
from services.referral.actions.book_by_patient import phone_of
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.check_slot import Wish, require_kind
from services.referral.actions.confirm_appointment import confirm_appointment
from services.referral.actions.lock_visit import lock_visit
from services.referral.actions.move_appointment import move_appointment
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import VisitType
from services.referral.queries.appointments import LIVE_STATES
from services.referral.rules.self_service import may_change


@dataclass(frozen=True, slots=True)
class PatientsWish:
    """What became of a patient's wish: `done`, or `call_back` when it came too late to be done alone."""

    result: str
    appointment: Appointment


def change_by_patient(
    session: Session,
    appointment_id: UUID,
    version: int,
    deed: str,
    *,
    reason: str = "patient_cannot_come",
    wish: Wish | None = None,
) -> PatientsWish:
    """Do what the patient wishes with the version of the visit their link shows: confirm, cancel, or move to `wish`.

    Past the cut-off a cancel or move asks staff to call instead. Raises 404; 409 `visit_changed`, `slot_not_offered`
    for a move to another kind of visit, and what `move_appointment` raises.
    """
    if deed == "confirm":
        return _confirm(session, appointment_id, version)
    if deed == "cancel" or wish is None:
        return _cancel(session, appointment_id, version, reason)
    return _move(session, appointment_id, version, wish)


def _confirm(session: Session, appointment_id: UUID, version: int) -> PatientsWish:
    appointment, patient = _own_visit(session, appointment_id, version)
    if appointment.state == "confirmed":
        return PatientsWish("done", appointment)
    return PatientsWish("done", confirm_appointment(session, patient, appointment_id, "link"))


def _cancel(session: Session, appointment_id: UUID, version: int, reason: str) -> PatientsWish:
    appointment, patient = _own_visit(session, appointment_id, version)
    if not _in_time(session, appointment):
        return PatientsWish(
            "call_back", ask_staff(session, patient, appointment_id, "cannot_come", version=version)
        )
    return PatientsWish("done", cancel_appointment(session, patient, appointment_id, reason))


def _move(session: Session, appointment_id: UUID, version: int, wish: Wish) -> PatientsWish:
    appointment, patient = _own_visit(session, appointment_id, version)
    if not _in_time(session, appointment):
        return PatientsWish(
            "call_back", ask_staff(session, patient, appointment_id, "reschedule", version=version)
        )
    require_kind(session, wish, appointment.visit_type_id)
    visit = move_appointment(session, patient, appointment_id, wish, reason="patient_by_link")
    return PatientsWish("done", visit.appointment)


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
