"""Appointments with what hangs on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentFacts, SiteFacts
from services.referral.model.appointment import Appointment, AppointmentChange
from services.referral.model.referral import Referral
from services.referral.model.schedule import Provider, Room, Site, VisitType

F = TypeVar("F", bound=AppointmentFacts)
LIVE_STATES = ("booked", "confirmed", "arrived")
# Who has arrived is in the building: nobody moves, strands or calls off that visit behind their back.
STILL_TO_COME = ("booked", "confirmed")


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its site, provider, room, type and (unless it is a walk-in) referral."""

    appointment: Appointment
    site: Site
    provider: Provider
    room: Room
    visit_type: VisitType
    referral: Referral | None

    def facts(self) -> AppointmentFacts:
        """Return what other services are told about this version."""
        return self.facts_as(AppointmentFacts)

    def facts_as(self, kind: type[F]) -> F:
        """Return them as the contract of an event that says no more."""
        appointment = self.appointment
        return kind(
            appointment_id=appointment.id,
            version=appointment.version,
            referral_id=appointment.referral_id,
            patient_id=appointment.patient_id,
            site=SiteFacts(
                id=self.site.id,
                name=self.site.name,
                address=self.site.address,
                phone=self.site.phone,
                time_zone=self.site.time_zone,
            ),
            visit_type=self.visit_type.id,
            visit_type_name=self.visit_type.sms_name,
            provider_name=self.provider.name,
            route=appointment.route,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            booked_at=appointment.booked_at,
        )


VISITS = (
    select(Appointment, Site, Provider, Room, VisitType, Referral)
    .join(Site, Site.id == Appointment.site_id)
    .join(Provider, Provider.id == Appointment.provider_id)
    .join(Room, Room.id == Appointment.room_id)
    .join(VisitType, VisitType.id == Appointment.visit_type_id)
    .outerjoin(Referral, Referral.id == Appointment.referral_id)
)


def find_appointment(session: Session, appointment_id: UUID, *, lock: bool = False) -> Appointment | None:
    """Return the appointment or None; with `lock` nobody else can change it until the transaction ends."""
    query = select(Appointment).where(Appointment.id == appointment_id)
    return session.scalars(query.with_for_update() if lock else query).first()


def read_visit(session: Session, appointment_id: UUID) -> Visit | None:
    """Return the appointment with everything that hangs on it, or None."""
    row = session.execute(VISITS.where(Appointment.id == appointment_id)).first()
    return None if row is None else Visit(*row)


def visits_of_referral(session: Session, referral_id: UUID) -> list[Visit]:
    """Return the referral's visits, earliest first, cancelled ones included."""
    rows = session.execute(
        VISITS.where(Appointment.referral_id == referral_id).order_by(Appointment.starts_at)
    )
    return [Visit(*row) for row in rows]


def visits_of_series(session: Session, series_id: UUID) -> list[Appointment]:
    """Return every visit of a series, cancelled ones included, earliest first."""
    query = select(Appointment).where(Appointment.series_id == series_id)
    return list(session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))


def visits_between(
    session: Session, starts_at: datetime, ends_at: datetime, sites: tuple[str, ...] = ()
) -> list[Visit]:
    """Return the visits that start in [starts_at, ends_at), at these sites (none named: all), in order of time."""
    query = VISITS.where(Appointment.starts_at >= starts_at, Appointment.starts_at < ends_at)
    if sites:
        query = query.where(Appointment.site_id.in_(sites))
    rows = session.execute(query.order_by(Appointment.starts_at, Appointment.id))
    return [Visit(*row) for row in rows]


def live_visits_of_patient(session: Session, patient_id: UUID, after: datetime) -> list[Appointment]:
    """Return the patient's visits still to come or going on after `after`, over all referrals."""
    query = select(Appointment).where(
        Appointment.patient_id == patient_id,
        Appointment.ends_at > after,
        Appointment.state.in_(LIVE_STATES),
    )
    return list(session.scalars(query.order_by(Appointment.starts_at)))


def first_visits_to_come(
    session: Session, referral_ids: Sequence[UUID], visit_type_id: str
) -> list[Appointment]:
    """Return each referral's next visit of the type that has not begun: the one an earlier time has to beat.

    A visit that is over and waits for its outcome is none, though its state is still live.
    """
    query = (
        select(Appointment)
        .where(
            Appointment.referral_id.in_(referral_ids),
            Appointment.visit_type_id == visit_type_id,
            Appointment.state.in_(LIVE_STATES),
            Appointment.starts_at > now(session),
        )
        .order_by(Appointment.referral_id, Appointment.starts_at, Appointment.id)
        .ext(distinct_on(Appointment.referral_id))
    )
    return list(session.scalars(query))


def next_visit_type(session: Session, referral_id: UUID) -> str:
    """Return the visit type of the referral's next visit that has not begun, or "" without one."""
    ahead = select(Appointment.visit_type_id).where(
        Appointment.referral_id == referral_id,
        Appointment.state.in_(LIVE_STATES),
        Appointment.starts_at > now(session),
    )
    return session.scalars(ahead.order_by(Appointment.starts_at, Appointment.id).limit(1)).first() or ""


def history_of(session: Session, appointment_ids: list[UUID]) -> list[AppointmentChange]:
    """Return everything that happened to these appointments, in order."""
    query = select(AppointmentChange).where(AppointmentChange.appointment_id.in_(appointment_ids))
    return list(session.scalars(query.order_by(AppointmentChange.at, AppointmentChange.number)))


def visits_that_ask(session: Session, asks: str, sites: tuple[str, ...] = ()) -> list[Visit]:
    """Return the visits that wait for staff for this reason ("": any), longest waiting first."""
    query = VISITS.where(Appointment.asks == asks if asks else Appointment.asks != "")
    if sites:
        query = query.where(Appointment.site_id.in_(sites))
    rows = session.execute(query.order_by(Appointment.asks_since, Appointment.id))
    return [Visit(*row) for row in rows]
