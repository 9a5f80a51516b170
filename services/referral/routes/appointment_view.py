"""Appointments as JSON."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.referral.actions.lock_visit import DEEDS
from services.referral.model.appointment import Appointment, AppointmentChange
from services.referral.queries.appointments import STILL_TO_COME, Visit
from services.referral.routes.referral_view import moment, patient_json, text_id
from services.referral.rules.calendar_time import local_label
from services.referral.rules.referral_states import STATES


def appointment_json(visit: Visit, today: date) -> dict[str, Any]:
    """One visit (`schedule_shapes.AppointmentOut`)."""
    appointment = visit.appointment
    patient = None if visit.referral is None else visit.referral.patient
    return {
        "id": str(appointment.id),
        "version": appointment.revision,
        "visit_version": appointment.version,
        "referral_id": text_id(appointment.referral_id),
        "patient_id": str(appointment.patient_id),
        "patient": None if patient is None else patient_json(patient.reveal(), today),
        "visit_type": appointment.visit_type_id,
        "visit_type_name": visit.visit_type.name,
        "site": {
            "id": visit.site.id,
            "name": visit.site.name,
            "time_zone": visit.site.time_zone,
            "phone": visit.site.phone,
            "address": visit.site.address,
        },
        "provider": {"id": visit.provider.id, "name": visit.provider.name},
        "room": visit.room.name,
        "starts_at": moment(appointment.starts_at),
        "ends_at": moment(appointment.ends_at),
        "local_start": local_label(appointment.starts_at, ZoneInfo(visit.site.time_zone)),
        "first_starts_at": moment(appointment.first_starts_at),
        "state": appointment.state,
        "state_since": moment(appointment.state_since),
        "moves": appointment.moves,
        "overbooked": appointment.overbooked,
        "confirmed_at": moment(appointment.confirmed_at),
        "confirmed_by_channel": appointment.confirmed_by_channel,
        "arrived_at": moment(appointment.arrived_at),
        "asks": appointment.asks,
        "asks_since": moment(appointment.asks_since),
        "series_id": text_id(appointment.series_id),
        "allowed": _allowed(visit),
    }


def _allowed(visit: Visit) -> list[str]:
    """What may be done to the visit. Once its referral has ended, its outcome stands (`correct_outcome`)."""
    ended = visit.referral is not None and not STATES[visit.referral.state].is_open
    return [deed for deed in DEEDS[visit.appointment.state] if not (ended and deed == "correct_outcome")]


def change_json(change: AppointmentChange) -> dict[str, Any]:
    """One entry of a visit's history."""
    return {
        "at": moment(change.at),
        "kind": change.kind,
        "version": change.version,
        "actor": {"kind": change.actor_kind, "role": change.actor_role, "name": change.actor_name},
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
    }


def now_is(visit: Visit) -> dict[str, Any]:
    """What a caller with an old version missed."""
    appointment = visit.appointment
    return {
        "state": appointment.state,
        "starts_at": moment(appointment.starts_at),
        "site": appointment.site_id,
        "provider_id": appointment.provider_id,
    }


def series_version(visits: Sequence[Appointment]) -> int:
    """The version of a series: it rises with every change of any of its visits (none is ever added)."""
    return sum(visit.revision for visit in visits)


def series_now(visits: Sequence[Appointment], at: datetime) -> dict[str, Any]:
    """What a caller with an old version of the series missed: the visits to come, each as its start and its state."""
    to_come = [visit for visit in visits if visit.state in STILL_TO_COME and visit.starts_at > at]
    return {"visits_to_come": [f"{moment(visit.starts_at)} {visit.state}" for visit in to_come]}


def today_at(zone: ZoneInfo, at: datetime) -> date:
    """The date at a site."""
    return at.astimezone(zone).date()
