"""Nobody is woken for a slot: what is freed at night is held for those who wait, and offered in the morning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import clock_offset, started_at
from kernel.context import Actor
from kernel.tables import AuditEntry
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.offer_freed_slot import run_offers
from services.referral.rules.slot_offers import sends_from
from tests.referral.calendar_steps import CHICAGO, book, booked, events, many_ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, Clinic
from tests.referral.test_schedule_waitlist import later_day


@pytest.mark.parametrize("zone", [CHICAGO, ZoneInfo("America/New_York"), ZoneInfo("America/Denver")])
def test_offers_go_out_by_day_and_wait_for_nine_on_the_sites_own_clock(zone: ZoneInfo) -> None:
    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=zone).astimezone(UTC)

    for hour, minute in ((9, 0), (12, 30), (19, 59)):
        assert sends_from(zone, at(5, hour, minute)) == at(5, hour, minute)
    assert sends_from(zone, at(5, 20)) == sends_from(zone, at(5, 23, 59)) == at(6, 9)
    assert sends_from(zone, at(6, 0)) == sends_from(zone, at(6, 8, 59)) == at(6, 9)
    # In the night the clocks go forward: nine is nine.
    assert sends_from(zone, at(7, 21)) == at(8, 9)


@pytest.mark.capability("S11")
def test_what_is_freed_at_night_is_kept_for_those_who_wait_and_offered_in_the_morning(
    staffed: Clinic,
) -> None:
    holder, *rest = many_ready_to_book(staffed, 6)
    first = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)})[0]
    visit = booked(staffed, holder, first)
    # Who gives the slot up waits too, the longest of all, and is never offered what they gave up.
    for referral in (holder, *rest):
        staffed.call("POST", f"/referrals/{referral}/waitlist", {"sites": ["paola"]}, actor=FRONT_DESK)
    tonight = staffed.now().astimezone(CHICAGO).replace(hour=22, minute=30)
    nine = (tonight + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)

    def at(moment: datetime, deed: Callable[[Session], Any]) -> dict[str, Any]:
        """Do it at that moment, and return the round as the desk sees it."""
        with staffed.session() as session:
            started_at(session, moment - clock_offset(session))
            deed(session)
        (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
        return dict(opened)

    def until(opened: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(opened["batch_until"])

    patient = Actor("patient", visit["patient_id"])
    asleep = at(tonight, lambda s: cancel_appointment(s, patient, UUID(visit["id"]), "patient_cannot_come"))
    assert (asleep["state"], asleep["batch"], asleep["offers"]) == ("open", 0, [])
    assert until(asleep) == nine
    assert events(staffed, "slot_offered") == 0, "nobody is woken for a slot"
    assert book(staffed, rest[-1], first).json["conflicts"] == ["slot_held"]
    assert at(nine - timedelta(minutes=1), run_offers)["batch"] == 0
    awake = at(nine, run_offers)
    assert (awake["batch"], len(awake["offers"]), events(staffed, "slot_offered")) == (1, 3, 3)
    # A batch that ends in the evening is followed by the next one in the morning after.
    evening = at(nine.replace(hour=20, minute=5), run_offers)
    assert (evening["state"], evening["batch"], until(evening)) == ("open", 1, nine + timedelta(days=1))
    assert at(nine + timedelta(days=1), run_offers)["batch"] == 2
    # Nobody is asked twice about one slot, though the caps of a day begin anew.
    assert events(staffed, "slot_offered") == 5
    # Cancel, offers and claim stay one story, a night later too.
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    freed = opened["freed"]
    assert (freed["appointment_id"], freed["referral_id"], freed["how"]) == (visit["id"], holder, "cancelled")
    assert (freed["patient"]["family_name"], opened["claimed"]) == ("Patient 0", None)
    taken = next(one for one in opened["offers"] if one["state"] == "offered")
    own = f"/self/offers/{taken['id']}/claim"
    claimed: Any = staffed.call("POST", own, {}, actor=None, service="intake")
    assert claimed.status_code == 200, claimed.text
    (closed,) = staffed.get("/offers", FRONT_DESK)["items"]
    assert closed["claimed"]["referral_id"] == claimed.json["referral_id"] != holder
    with staffed.session() as session:
        told = select(AuditEntry.details).where(AuditEntry.action == "claim_offer")
        assert session.scalars(told).one() == {"offer_id": taken["id"], "freed_by": visit["id"]}
