"""What a booking asks first, made ready before its transaction begins, so that it goes in one journey."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kernel.journey import Answer, Question
from services.referral.actions.check_slot import Place, Wish, place_in
from services.referral.model.referral import Referral
from services.referral.queries.clinic_facts import kept_clinic
from services.referral.queries.clinic_records import kept_at
from services.referral.queries.referrals import in_turn_question, referral_in_turn
from services.referral.queries.slot_reading import SlotReading, slot_question, slot_reading


@dataclass(frozen=True, slots=True)
class Ahead:
    """A place, and what was read that stands against it."""

    place: Place
    reading: SlotReading


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions, and the place the second is about; with one question there is none."""

    questions: Sequence[Question]
    place: Place | None

    def read(self, answers: Sequence[Answer]) -> tuple[Referral | None, Ahead | None]:
        """Return the referral in its patient's turn, and what stands against the place if that was asked."""
        if not answers:
            return None, None
        referral = referral_in_turn(answers[0])
        ahead = None if self.place is None else Ahead(self.place, slot_reading(answers[1]))
        return referral, ahead


def ask_ahead(
    address: str, offset: timedelta, referral_id: UUID | None, wish: Wish | None, hold_id: UUID | None
) -> Asking:
    """Return the questions of a booking: its referral in the patient's turn, then what stands against the visit.

    The second is put by the clinic as this process read it last from the database at `address`; `check_slot` asks anew
    when that no longer holds. It is left out where nothing is kept yet or `wish` is not clear without asking.
    """
    if referral_id is None:
        return Asking((), None)
    turn = in_turn_question(referral_id)
    records = kept_at(address)
    place = None if records is None or wish is None else place_in(records, wish)
    if place is None:
        return Asking((turn,), None)
    clinic = kept_clinic(address, place.records.revision, place.rules.id)
    if clinic is None:
        return Asking((turn,), None)
    asked = slot_question(
        place.rules,
        place.starts_at,
        clinic.narrowed((place.site.id,), (place.provider.id,)).seats(),
        at=offset,
        patient_id=None,
        referral_id=referral_id,
        without=hold_id,
    )
    return Asking((turn, asked), place)
