"""The promise of a visit today or tomorrow: which site keeps it, and who is told when none does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from kernel.outbox import event_place
from kernel.personal import open_json
from services.referral.actions.watch_promises import watch_promises
from services.referral.rules.slot_promise import Candidate, drive_minutes, promised_until, rank_sites
from services.referral.rules.slots import Slot
from tests.referral.calendar_steps import events, many_ready_to_book
from tests.referral.conftest import FRONT_DESK, MANAGER, Clinic

CHICAGO = ZoneInfo("America/Chicago")
TUESDAY = datetime(2026, 11, 24, 16, tzinfo=UTC)
WEEKDAYS = frozenset(range(5))


@pytest.mark.capability("C7")
@pytest.mark.parametrize(
    ("priority", "at", "day"),
    [
        ("P1", TUESDAY, "2026-11-25"),
        ("P2", TUESDAY, "2026-11-26"),
        ("P2", TUESDAY + timedelta(days=3), "2026-12-01"),
        ("P3", TUESDAY, "2026-12-02"),
        ("P5", TUESDAY, "2026-12-23"),
    ],
)
def test_a_promise_ends_with_a_local_day(priority: str, at: datetime, day: str) -> None:
    until = promised_until(priority, at, CHICAGO, WEEKDAYS).astimezone(CHICAGO)
    assert until.isoformat()[:16] == f"{day}T00:00"


def candidate(site: str, hours: int, drive: int | None, *, preferred: bool = False) -> Candidate:
    starts_at = TUESDAY + timedelta(hours=hours)
    slot = Slot(starts_at, site, "p", starts_at + timedelta(minutes=45))
    return Candidate(slot, promised_until("P2", TUESDAY, CHICAGO, WEEKDAYS), drive, 2, preferred)


@pytest.mark.capability("T17")
def test_sites_are_ranked_by_promise_wait_and_drive_and_say_why() -> None:
    near, far, late = candidate("near", 5, 10), candidate("far", 2, 80), candidate("late", 90, 5)
    ranked = rank_sites([late, far, near], TUESDAY)
    assert [one.slot.site_id for one in ranked] == ["near", "far", "late"]
    assert ranked[0].why == ("within_promise",)
    assert ranked[1].why == ("earliest", "within_promise")
    assert ranked[2].why == ("nearest", "after_promise")
    liked = rank_sites([near, candidate("liked", 6, 15, preferred=True)], TUESDAY)
    assert liked[0].why == ("preferred_site", "within_promise")
    # Paola to Leawood is about fifty kilometres by road.
    assert 40 <= drive_minutes((38.571, -94.879), (38.967, -94.617)) <= 85


@pytest.mark.capability("C7", "T17")
def test_a_promise_that_cannot_be_kept_is_shown_before_the_patient_is_told(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    before = staffed.get(
        "/proposals?visit_type=pt_evaluation&priority=P2&postcode=66071&site=paola", FRONT_DESK
    )
    assert (before["promise_kept"], before["kept_at_preferred"]) == (True, True)
    assert {one["badge"] for one in before["items"] if one["kept"]} <= {"today", "tomorrow"}
    assert {"MO", "KS"} == {
        site["state"]
        for site in staffed.get("/sites")["items"]
        if site["id"] in {one["site"] for one in before["items"]}
    }
    paola = next(one for one in before["items"] if one["site"] == "paola")
    assert {"nearest", "only_provider"} <= set(paola["why"])
    assert paola["drive_minutes"] == min(one["drive_minutes"] for one in before["items"])
    close_paola(staffed)
    after = staffed.get(
        "/proposals?visit_type=pt_evaluation&priority=P2&postcode=66071&site=paola", FRONT_DESK
    )
    assert (after["promise_kept"], after["kept_at_preferred"]) == (True, False)
    assert after["items"][0]["site"] != "paola"
    own = staffed.get(f"/referrals/{referral}/proposals", FRONT_DESK)
    assert own["items"][0]["kept"]
    assert own["items"][0]["drive_minutes"] is None
    # Skill: where nobody gives the visit is no site for it, not one that happens to have no time.
    with staffed.session() as session:
        session.execute(text("DELETE FROM provider_skill WHERE provider_id = 'devin_marsh'"))
    left = staffed.get("/proposals?visit_type=pt_evaluation&priority=P2&site=paola", FRONT_DESK)
    assert "paola" not in [one["site"] for one in left["items"]] + left["sites_without_slots"]


@pytest.mark.capability("S18")
def test_a_site_without_a_slot_within_the_promise_for_two_days_raises_an_alert(staffed: Clinic) -> None:
    def watch() -> list[tuple[str, str, bool]]:
        with staffed.session() as session:
            watch_promises(session)
        return [
            (a["site"], a["visit_type"], a["alert"]) for a in staffed.get("/slot-alerts", MANAGER)["items"]
        ]

    here = ("paola", "pt_evaluation")
    assert here not in [alert[:2] for alert in watch()]
    closure = close_paola(staffed)
    assert (*here, False) in watch()
    assert events(staffed, "staff_alerted") == 0, "a gap of an hour is a busy day"
    with staffed.session() as session:
        session.execute(text("UPDATE promise_gap SET opened_at = opened_at - interval '2 days'"))
    assert (*here, True) in watch()
    # The managers of the site are written to, once however often it is looked at (docs: notify has the words).
    watch()
    with staffed.session() as session:
        rows = session.execute(
            text("SELECT id, data_sealed FROM outbox_event WHERE type = 'staff_alerted'")
        ).all()
        told = [open_json(row.data_sealed, event_place(row.id)) for row in rows]
    kinds = [(one["kind"], one["site"], one["roles"]) for one in told]
    assert kinds.count(("no_free_slot", "paola", ["manager"])) == 1
    listed = staffed.get("/slot-alerts", MANAGER)["items"]
    (alert,) = [a for a in listed if (a["site"], a["visit_type"]) == here]
    assert (alert["site_name"], alert["days"]) == ("Paola", 2)
    assert alert["next_free_at"] is not None
    staffed.call("POST", f"/closures/{closure}/lift", {}, actor=MANAGER, version=1)
    assert here not in [alert[:2] for alert in watch()]


def close_paola(clinic: Clinic) -> str:
    """The one therapist who evaluates at Paola is away for ten days."""
    today = clinic.now().astimezone(CHICAGO).date()
    body = {
        "provider_id": "devin_marsh",
        "starts_at": today.isoformat(),
        "ends_at": (today + timedelta(days=10)).isoformat(),
        "reason": "leave",
    }
    closed = clinic.call("POST", "/closures", body, actor=MANAGER)
    assert closed.json is not None
    return str(closed.json["id"])
