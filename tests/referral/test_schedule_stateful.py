"""The schedule against a model of it: whatever is booked, held, moved or cancelled, in any order, both agree."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.failpoints import FailpointRaised, arm
from kernel.web.problems import Problem
from services.referral.actions.book_slot import book_slot
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.check_slot import Wish
from services.referral.actions.end_hold import end_hold, find_hold
from services.referral.actions.hold_slot import hold_slot
from services.referral.actions.move_appointment import move_appointment
from services.referral.model.referral import Referral
from services.referral.queries.referrals import find_referral
from tests.referral.calendar_steps import many_ready_to_book, slots
from tests.referral.conftest import Clinic

# Twenty deeds an example; MOVES=10000 by hand makes 500 examples of it.
EXAMPLES = max(12, int(os.environ.get("MOVES", "240")) // 20)
DESK = Actor("staff", "desk-1", "front_desk", "Dana Wells")
POINTS = ("before_seats_taken", "before_booking_commit")
EXAM_MINUTES, BUFFER_AFTER, VISIT_MINUTES = 45, 5, 30


class Schedule(RuleBasedStateMachine):
    """One therapist with two seats at one site, one treatment room, a gym; a handful of patients and times.

    The model keeps for each patient what they have: (kind, start, whole therapist?) and decides what must be possible.
    """

    clinic: ClassVar[Clinic]
    referrals: ClassVar[list[str]]
    day: ClassVar[datetime]
    visits = Bundle("visits")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[UUID, tuple[str, datetime, datetime, bool]] = {}
        self.of: dict[UUID, str] = {}

    @initialize()
    def empty(self) -> None:
        with self.clinic.session() as session:
            session.execute(text("DELETE FROM seat_use"))
            session.execute(text("UPDATE slot_hold SET ended = 'released' WHERE ended = ''"))
            session.execute(text("UPDATE appointment SET state = 'cancelled'"))
            session.execute(text("UPDATE referral SET state = 'to_book'"))

    def wish(self, mark: int, whole: bool) -> Wish:
        starts_at = self.day + mark * timedelta(minutes=30)
        return Wish("pt_evaluation" if whole else "pt_follow_up", "devin_marsh", "paola", starts_at)

    def uses(self, wish: Wish) -> tuple[datetime, datetime, bool]:
        whole = wish.visit_type == "pt_evaluation"
        minutes = EXAM_MINUTES + BUFFER_AFTER if whole else VISIT_MINUTES
        return wish.starts_at, wish.starts_at + timedelta(minutes=minutes), whole

    def is_free(self, wish: Wish, besides: UUID | None = None) -> bool:
        """The model's answer: two seats, an evaluation takes both and the one treatment room."""
        begins, ends, whole = self.uses(wish)
        marks = [
            begins + timedelta(minutes=5 * n) for n in range(int((ends - begins).total_seconds()) // 300)
        ]
        for mark in marks:
            others = [use for key, use in self.taken.items() if key != besides and use[1] <= mark < use[2]]
            seats = sum(2 if other[3] else 1 for other in others)
            if seats + (2 if whole else 1) > 2:
                return False
        # One seat must be free for the whole visit: with two seats of half-hour visits on a half-hour grid it is.
        return True

    def idle(self, number: int) -> str | None:
        referral = self.referrals[number % len(self.referrals)]
        return None if referral in self.of.values() else referral

    @contextmanager
    def deciding(self, expected: bool) -> Iterator[None]:
        """Run a deed; it must succeed exactly when the model says so, and a refusal must be a conflict."""
        try:
            yield
        except Problem as refusal:
            assert refusal.status == 409, refusal
            assert not expected, refusal.more
            raise Refused from None
        assert expected

    @rule(target=visits, number=st.integers(0, 5), mark=st.integers(0, 5), whole=st.booleans())
    def book(self, number: int, mark: int, whole: bool) -> Any:
        referral = self.idle(number)
        if referral is None:
            return multiple()
        wish = self.wish(mark, whole)
        try:
            with self.deciding(self.is_free(wish)), self.clinic.session() as session:
                made = book_slot(session, DESK, locked(session, referral), wish).appointment.id
        except Refused:
            return multiple()
        self.taken[made], self.of[made] = ("visit", *self.uses(wish)), referral
        return made

    @rule(target=holds, number=st.integers(0, 5), mark=st.integers(0, 5), whole=st.booleans())
    def hold(self, number: int, mark: int, whole: bool) -> Any:
        referral = self.idle(number)
        if referral is None:
            return multiple()
        wish = self.wish(mark, whole)
        try:
            with self.deciding(self.is_free(wish)), self.clinic.session() as session:
                made = hold_slot(session, DESK, UUID(referral), wish).id
        except Refused:
            return multiple()
        self.taken[made], self.of[made] = ("hold", *self.uses(wish)), referral
        return made

    @rule(held=holds)
    def release(self, held: UUID) -> None:
        with self.clinic.session() as session:
            end_hold(session, DESK, find_hold(session, held), "released")
        self.taken.pop(held, None)
        self.of.pop(held, None)

    @rule(visit=visits, mark=st.integers(0, 5))
    def move(self, visit: UUID, mark: int) -> None:
        if visit not in self.taken:
            return
        wish = self.wish(mark, self.taken[visit][3])
        try:
            with self.deciding(self.is_free(wish, visit)), self.clinic.session() as session:
                move_appointment(session, DESK, visit, wish)
        except Refused:
            return
        self.taken[visit] = ("visit", *self.uses(wish))

    @rule(number=st.integers(0, 5), mark=st.integers(0, 5), point=st.sampled_from(POINTS))
    def break_off(self, number: int, mark: int, point: str) -> None:
        """A booking that dies half-way leaves nothing: the model does not change."""
        referral = self.idle(number)
        wish = self.wish(mark, True)
        if referral is None or not self.is_free(wish):
            return
        arm(f"{point}=raise", 1)
        try:
            with pytest.raises(FailpointRaised), self.clinic.session() as session:
                book_slot(session, DESK, locked(session, referral), wish)
        finally:
            arm("")

    @rule(visit=visits)
    def cancel(self, visit: UUID) -> None:
        if visit not in self.taken:
            return
        with self.clinic.session() as session:
            cancel_appointment(session, DESK, visit, "patient_declined")
        del self.taken[visit], self.of[visit]

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        with self.clinic.session() as session:
            rows = session.execute(
                text(
                    "SELECT coalesce(appointment_id, hold_id) AS taker, min(starts_at), max(ends_at),"
                    " count(*) FILTER (WHERE seat.provider_id IS NOT NULL) AS seats, count(seat.room_id) AS rooms"
                    " FROM seat_use JOIN seat ON seat.number = seat_use.seat_number GROUP BY 1"
                )
            ).all()
        found = {taker: (begins, ends, seats, rooms) for taker, begins, ends, seats, rooms in rows}
        expected = {
            key: (begins, ends, 2 if whole else 1, 1) for key, (_, begins, ends, whole) in self.taken.items()
        }
        assert found == expected


def locked(session: Session, referral: str) -> Referral:
    """The referral as a booking takes it: nobody else changes it meanwhile."""
    found = find_referral(session, UUID(referral), lock=True)
    assert found is not None
    return found


class Refused(Exception):
    """The schedule said no, as the model expected."""


@pytest.mark.capability("S2", "S3")
def test_the_schedule_agrees_with_its_model(staffed: Clinic) -> None:
    Schedule.clinic = staffed
    Schedule.referrals = many_ready_to_book(staffed, 6)
    first = slots(staffed, visit_type="pt_evaluation", site="paola", provider="devin_marsh")[0]
    Schedule.day = datetime.fromisoformat(first["starts_at"])
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
