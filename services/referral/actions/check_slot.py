"""Tell everything that speaks against a visit before anything is written, and what could be had instead."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.web.problems import FieldProblem, Problem, conflict, invalid
from services.referral.model.referral import Referral
from services.referral.model.schedule import Provider, Site, VisitType
from services.referral.queries.clinic_facts import Clinic, clinic_for, visit_rules
from services.referral.queries.clinic_records import ClinicRecords, clinic_records, kept_records
from services.referral.queries.slot_reading import SlotReading, Taken, read_slot
from services.referral.queries.slots import SlotSearch, find_slots
from services.referral.rules.calendar_time import local_label
from services.referral.rules.slot_conflicts import TAKEN_CONFLICTS, choose_seats, find_conflicts
from services.referral.rules.slots import Slot, VisitRules

ALTERNATIVES = 5
REACH = timedelta(days=30)
# The code a refusal carries is the first of these that stands; every conflict is listed beside it.
TITLES: dict[str, str] = {
    "red_flag_hold": "A clinician has to speak with this patient before anything is booked.",
    "wrong_route": "This type of visit does not serve the referral's route.",
    "second_visit": "The patient already has a visit of this type to come; move that one instead.",
    "patient_busy": "The patient has another visit at that time.",
    "slot_not_offered": "That time cannot be booked; the next free times are listed.",
    "slot_taken": "That time has just been taken; the next free times are listed.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to book: a visit type with a provider at a site, from `starts_at` on. `overbook` needs permission."""

    visit_type: str
    provider_id: str
    site_id: str
    starts_at: datetime
    overbook: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A wish whose visit type, provider and site exist; not yet that the time is free. `records`: where they stand."""

    visit_type: VisitType
    provider: Provider
    site: Site
    starts_at: datetime
    rules: VisitRules
    records: ClinicRecords


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that speaks against a visit. `appointment_id`: the patient's visit that is in the way."""

    code: str
    appointment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A place with everything that stands against it; [] when it can be booked.

    `seats`: those to take and the room's id, as they were free when it was read, or None. `referred`: somebody outside
    sent the patient of the referral that was named.
    """

    place: Place
    conflicts: list[Conflict]
    seats: tuple[list[int], str] | None
    referred: bool


def find_place(session: Session, wish: Wish) -> Place:
    """Return the place the wish names; raises the 422 problem that names each id nobody knows."""
    records = clinic_records(session)
    place = place_in(records, wish)
    if place is None:
        raise _nobody_knows(records, wish)
    return place


def likely_place(session: Session, wish: Wish) -> Place:
    """As `find_place`, by the records this process read last: `check_slot` says whether they still hold."""
    return place_in(kept_records(session), wish) or find_place(session, wish)


def place_in(records: ClinicRecords, wish: Wish) -> Place | None:
    """Return the place the wish names in these records, or None."""
    visit = records.visit_types.get(wish.visit_type)
    provider = records.providers.get(wish.provider_id)
    site = records.sites.get(wish.site_id)
    if visit is None or provider is None or site is None:
        return None
    if not (visit.active and provider.active and site.active):
        return None
    return Place(visit, provider, site, wish.starts_at, visit_rules(visit), records)


def _nobody_knows(records: ClinicRecords, wish: Wish) -> Problem:
    found = {
        "visit_type": records.visit_types.get(wish.visit_type),
        "provider_id": records.providers.get(wish.provider_id),
        "site_id": records.sites.get(wish.site_id),
    }
    return invalid(
        [FieldProblem(name, "unknown") for name, row in found.items() if row is None or not row.active]
    )


def check_slot(
    session: Session,
    place: Place,
    *,
    patient_id: UUID,
    routes: set[str] | None,
    without: UUID | None = None,
    in_series: bool = False,
    referral_id: UUID | None = None,
    in_turn: bool = False,
    ahead: SlotReading | None = None,
) -> Checked:
    """Return everything that speaks against the visit, with the seats it may take and the place as it now stands.

    `routes`: those the referral may be booked on (None: not asked again). `without`: an appointment or hold whose own
    seats and time do not count. Bookings of one patient take turns here, so two at once cannot both pass; `in_turn`:
    the caller has taken the turn (`find_in_turn`). `referral_id`: whose sender is asked for. `ahead`: what was read for
    this place in the same transaction and behind that turn (`ask_ahead`). Raises the 422 of `find_place` when the
    clinic has just given up what the place names.
    """
    if not in_turn:
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"patient:{patient_id}"},
        )
    place, clinic, read = _read(session, place, patient_id, referral_id, without, ahead=ahead)
    found = []
    if read.held:
        found.append(Conflict("red_flag_hold"))
    if routes is not None and not routes & set(place.visit_type.routes):
        found.append(Conflict("wrong_route"))
    for visit in read.visits:
        if visit.id == without:
            continue
        if visit.visit_type_id == place.visit_type.id and not visit.in_series and not in_series:
            found.append(Conflict("second_visit", visit.id))
        if visit.meets:
            found.append(Conflict("patient_busy", visit.id))
    found += [Conflict(code) for code in _against(place, clinic, read, now(session))]
    return Checked(place, found, None if found else _seats(place, clinic, read), read.referred)


def calendar_conflicts(session: Session, place: Place, without: UUID | None) -> list[str]:
    """Return what hours, closures, skills and other bookings have against the place, whoever the patient is."""
    place, clinic, read = _read(session, place, None, None, without)
    return _against(place, clinic, read, now(session))


def _read(
    session: Session,
    place: Place,
    patient_id: UUID | None,
    referral_id: UUID | None,
    without: UUID | None,
    *,
    ahead: SlotReading | None = None,
) -> tuple[Place, Clinic, SlotReading]:
    """Read what the place would meet; once more when it was looked for in records that no longer hold."""
    while True:
        clinic = clinic_for(session, place.rules, place.records.revision)
        clinic = clinic.narrowed((place.site.id,), (place.provider.id,))
        read = ahead or read_slot(
            session,
            place.rules,
            place.starts_at,
            clinic.seats(),
            patient_id=patient_id,
            referral_id=referral_id,
            without=without,
        )
        ahead = None
        if read.revision == place.records.revision:
            return place, clinic, read
        place = find_place(
            session, Wish(place.visit_type.id, place.provider.id, place.site.id, place.starts_at)
        )


def _against(place: Place, clinic: Clinic, read: SlotReading, moment: datetime) -> list[str]:
    if not clinic.providers:
        return ["no_skill"]
    if not clinic.sites:
        return ["site_closed"]

    def against(taken: Taken) -> list[str]:
        return find_conflicts(
            place.rules,
            clinic.sites[0],
            clinic.providers[0],
            taken=taken,
            starts_at=place.starts_at,
            now=moment,
        )

    found = against(read.taken)
    if any(code in TAKEN_CONFLICTS for code in found):
        booked = against(read.booked)
        if booked != found:
            return [*booked, "slot_held"]
    return found


def _seats(place: Place, clinic: Clinic, read: SlotReading) -> tuple[list[int], str] | None:
    """Return the seats to take; None where a hold that is over has to be tidied up first."""
    chosen = choose_seats(
        place.rules, clinic.sites[0], clinic.providers[0], taken=read.taken, starts_at=place.starts_at
    )
    return None if chosen is None or read.expired.intersection(chosen[0]) else chosen


def require_kind(session: Session, wish: Wish, visit_type_id: str) -> None:
    """Raise 409 `slot_not_offered`, with times of the right kind, when a patient's wish names another kind of visit.

    Staff choose the kind; whoever holds a link chooses the time alone. 422 for ids nobody knows.
    """
    if wish.visit_type != visit_type_id:
        meant = find_place(session, replace(wish, visit_type=visit_type_id))
        raise slot_refused(session, meant, [Conflict("slot_not_offered")])


def only_overbooks(conflicts: list[Conflict]) -> bool:
    """True when permission to overbook is all that is missing."""
    return bool(conflicts) and all(found.code in ("provider_taken", "slot_held") for found in conflicts)


def next_slots(session: Session, place: Place, *, most: int = ALTERNATIVES) -> list[Slot]:
    """Return the first free slots of the same type from the wished time on: the same site's first, then any site's."""
    moment = now(session)
    from_at = max(moment, min(place.starts_at, moment + timedelta(days=place.rules.horizon_days - 1)))
    here = SlotSearch(from_at, from_at + REACH, most, sites=(place.site.id,))
    found = find_slots(session, place.rules, here, moment)
    if len(found) < most:
        found += find_slots(session, place.rules, SlotSearch(from_at, from_at + REACH, most), moment)
    return list(dict.fromkeys(found))[:most]


def slot_refused(session: Session, place: Place, conflicts: list[Conflict]) -> Problem:
    """The 409 with every conflict at once and, where the time is what is wrong, what can be had instead.

    The code is the gravest: red_flag_hold, wrong_route, second_visit, patient_busy, slot_not_offered (the clinic's own
    rules do not offer that time) or slot_taken (somebody has it, or holds it for now).
    """
    codes = [found.code for found in conflicts]
    taken = {*TAKEN_CONFLICTS, "slot_held"}
    not_offered = set(codes) - taken - set(TITLES)
    ranked = [code for code in TITLES if code in codes] + (["slot_not_offered"] if not_offered else [])
    code = (ranked or ["slot_taken"])[0]
    more: dict[str, object] = {"conflicts": codes, "phone": place.site.phone}
    in_the_way = [str(found.appointment_id) for found in conflicts if found.appointment_id]
    if in_the_way:
        more["appointment_id"] = in_the_way[0]
    if code in ("slot_not_offered", "slot_taken", "patient_busy"):
        more["alternatives"] = [slot_json(slot, place) for slot in next_slots(session, place)]
    return conflict(code, f"{TITLES[code]} Nothing was booked.", **more)


def under_hold(session: Session, patient_id: UUID) -> bool:
    """True while a red flag of this patient waits for a clinician, on whichever referral."""
    held = select(Referral.id).where(
        Referral.patient_id == patient_id, Referral.flagged, Referral.closed_at.is_(None)
    )
    return session.scalars(held.limit(1)).first() is not None


def slot_json(slot: Slot, place: Place) -> dict[str, str]:
    """Return an alternative as a refusal lists it, in the site's wall clock with its offset."""
    zone = ZoneInfo(place.site.time_zone)
    return {
        "site": slot.site_id,
        "provider_id": slot.provider_id,
        "visit_type": place.visit_type.id,
        "starts_at": local_label(slot.starts_at, zone),
        "ends_at": local_label(slot.ends_at, zone),
    }
