"""Find the patient somebody names, or make a record for them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.consent import ConsentChanged
from kernel.ids import new_id
from kernel.journey import Question
from kernel.keyring import keyring
from kernel.outbox import emit
from kernel.personal import Personal, birth_date_index, name_index, phone_index
from kernel.rows import add_row, write_rows
from services.intake.actions.add_identifiers import add_identifiers
from services.intake.actions.merge_patients import merge_patients
from services.intake.model import Patient
from services.intake.queries.consents_of import consents_of
from services.intake.queries.identifiers import Identifier
from services.intake.queries.matches import asked_between
from services.intake.queries.similar_patients import FactIndexes, similar_patients
from services.intake.rules.identity import Likeness, settle
from services.intake.rules.search_words import search_words
from services.intake.rules.zone_of_postcode import zone_of_postcode


@dataclass(frozen=True)
class PatientFacts:
    """Who somebody says the patient is. `birth_date` is YYYY-MM-DD, `phone` E.164 or "". Prints nothing of it.

    A consent of None, a `language` of "": nobody asked, so what is known of them stays; of a new person, no consent.
    """

    given_name: Personal[str]
    family_name: Personal[str]
    birth_date: Personal[str]
    phone: Personal[str]
    email: Personal[str]
    postcode: Personal[str]
    language: str
    time_zone: str
    consent_sms: bool | None
    consent_email: bool | None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True)
class Registered:
    """The patient's record, whether it is new, and records that may be the same person (for staff to look at)."""

    patient: Patient
    is_new: bool
    candidates: tuple[Likeness, ...]


def register_patient(
    session: Session, actor: Actor, facts: PatientFacts, *, known_as: UUID | None = None
) -> Registered:
    """Return the one known patient the facts fit (contact points and consent brought up to date), or a new one.

    A new one is written with the transaction; `write_rows` before the session refers to it. `known_as`: the id another
    service has for them already. A new record gets it; beside a known one it is a record of its own, merged into it.
    """
    indexes = _indexes(facts)
    same, candidates = settle(similar_patients(session, indexes))
    if same is None:
        # Two first submissions of one person at one moment take turns: the second finds the record of the first.
        same, candidates = settle(similar_patients(session, indexes, behind=_turn(indexes)))
    if same is None:
        patient = _new_patient(session, facts, indexes, known_as or new_id())
        record(session, actor, "register_patient", "patient", patient.id)
        add_identifiers(session, actor, patient.id, facts.identifiers)
        return Registered(patient, True, candidates)
    patient = session.get_one(Patient, same.patient_id)
    _update(session, actor, patient, facts)
    if add_identifiers(session, actor, patient.id, facts.identifiers):
        patient.version += 1
        patient.updated_at = now(session)
    if known_as is not None and session.get(Patient, known_as) is None:
        other = _new_patient(session, facts, indexes, known_as)
        write_rows(session)
        merge_patients(session, actor, session.get_one(Patient, other.id), patient.id)
    fresh = tuple(one for one in candidates if not asked_between(session, patient.id, one.patient_id))
    return Registered(patient, False, fresh)


def _turn(indexes: FactIndexes) -> list[Question]:
    """Locks that wait for whoever is making a record of somebody born on that day, or with one of the identifiers;
    looking again behind them sees theirs.
    """
    numbers = (indexes.birth, *sorted({one.value for one in indexes.identifiers}))
    turns = [int.from_bytes(index[:8], signed=True) for index in numbers]
    return [("SELECT pg_advisory_xact_lock($1::bigint)", (turn,)) for turn in turns]


def _indexes(facts: PatientFacts) -> FactIndexes:
    postcode, phone = facts.postcode.reveal(), facts.phone.reveal()
    return FactIndexes(
        name_index(facts.given_name.reveal()),
        name_index(facts.family_name.reveal()),
        birth_date_index(facts.birth_date.reveal()),
        phone_index(phone) if phone else None,
        keyring().blind_index("postcode", postcode) if postcode else None,
        tuple(one.indexes for one in facts.identifiers),
    )


def _new_patient(session: Session, facts: PatientFacts, indexes: FactIndexes, patient_id: UUID) -> Patient:
    moment = now(session)
    patient = Patient(
        id=patient_id,
        given_index=indexes.given,
        family_index=indexes.family,
        birth_index=indexes.birth,
        phone_index=indexes.phone,
        postcode_index=indexes.postcode,
        language=facts.language or "en",
        time_zone=facts.time_zone or zone_of_postcode(facts.postcode.reveal()),
        consent_sms=bool(facts.consent_sms),
        consent_email=bool(facts.consent_email),
        consent_sms_at=None if facts.consent_sms is None else moment,
        consent_email_at=None if facts.consent_email is None else moment,
        opted_out=[],
        merged_into=None,
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    patient.given_name = facts.given_name
    patient.family_name = facts.family_name
    patient.birth_date = facts.birth_date
    patient.phone = facts.phone or None
    patient.email = facts.email or None
    patient.postcode = facts.postcode or None
    patient.search_keys = _search_keys(patient)
    add_row(session, patient)
    return patient


def _search_keys(patient: Patient) -> list[bytes]:
    """Blind indexes by which staff find the patient: beginnings of names, birth date, phone and its last four."""
    held = (patient.given_name, patient.family_name, patient.birth_date, patient.phone)
    index = keyring().blind_index
    return [index("search", word) for word in search_words(*(one.reveal() if one else "" for one in held))]


def _update(session: Session, actor: Actor, patient: Patient, facts: PatientFacts) -> None:
    """Newer contact points replace older ones; an empty one replaces nothing. Consent and language are as told last.

    Where nobody was asked, what is known stays: a zone too, unless they moved to another postcode. The language of the
    first page may be the browser's only: of the patient's own pages, the one the answers are sent in counts.
    """
    moment, changed = now(session), False
    zone = _zone_now(patient, facts)
    if zone != patient.time_zone:
        patient.time_zone = zone
        changed = True
    for name in ("phone", "email", "postcode", *(() if actor.kind == "patient" else ("language",))):
        value: Any = getattr(facts, name)
        if value and getattr(patient, name) != value:
            setattr(patient, name, value)
            changed = True
    told = False
    for way, said in (("sms", facts.consent_sms), ("email", facts.consent_email)):
        if said is None:
            continue
        setattr(patient, f"consent_{way}_at", moment)
        changed = changed or getattr(patient, f"consent_{way}") != said
        setattr(patient, f"consent_{way}", said)
        told = True
    if told:
        # At once, not with the answers: who says no at the first page may never come to the last. What is known here
        # already is told too: notify may have heard otherwise since, by telephone or on the page to stop messages.
        consents = consents_of(patient)
        emit(session, "consent_changed", patient.id, ConsentChanged(patient_id=patient.id, consents=consents))
        record(session, actor, "change_consent", "patient", patient.id, details=_given(patient))
    if changed:
        patient.version += 1
        patient.updated_at = moment
        postcode = patient.postcode
        patient.postcode_index = keyring().blind_index("postcode", postcode.reveal()) if postcode else None
        phone = patient.phone
        patient.phone_index = phone_index(phone.reveal()) if phone else None
        patient.search_keys = _search_keys(patient)


def _zone_now(patient: Patient, facts: PatientFacts) -> str:
    """What they say, else what is known; a zone that only the old postcode told does not outlive it."""
    known, here, old = patient.time_zone, facts.postcode.reveal(), patient.postcode
    if facts.time_zone or not here:
        return facts.time_zone or known
    before = old.reveal() if old else ""
    if here == before and known:
        return known
    from_old = not known or known == zone_of_postcode(before)
    return zone_of_postcode(here) or ("" if from_old else known)


def _given(patient: Patient) -> dict[str, bool]:
    return {"sms": patient.consent_sms, "email": patient.consent_email}
