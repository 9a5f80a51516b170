"""A cancelled slot goes to those who wait: in batches, held meanwhile, to the first who claims it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from kernel.ids import new_id
from kernel.tables import AuditEntry
from services.referral.actions.join_waitlist import expire_waitlist, waiting_entry
from services.referral.actions.offer_freed_slot import run_offers
from services.referral.model.referral import Referral
from services.referral.rules.slot_offers import FreedSlot, Waiting, next_batch, why_none_now, why_not_offer
from tests.referral.calendar_steps import book, booked, change, events, many_ready_to_book, slots, wish
from tests.referral.conftest import FRONT_DESK, Clinic

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
SLOT = FreedSlot("paola", ZoneInfo("America/Chicago"), NOW + timedelta(days=1))


def waiting(**changes: Any) -> Waiting:
    facts: dict[str, Any] = {
        "entry_id": new_id(),
        "priority": "P4",
        "entered_at": NOW - timedelta(days=3),
        "expires_at": NOW + timedelta(days=30),
        "sites": (),
        "weekdays": (),
        "from_minute": 0,
        "until_minute": 1440,
        "notice": timedelta(hours=2),
        "visit_at": None,
        "offered_at": (),
        "opted_out": False,
        "flagged": False,
    }
    return Waiting(**{**facts, **changes})


@pytest.mark.capability("S10")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"sites": ("paola", "garnett")}, ""),
        ({"sites": ("leawood",)}, "other_site"),
        ({"weekdays": (2,)}, ""),
        ({"weekdays": (0, 4)}, "other_day"),
        ({"from_minute": 600, "until_minute": 601}, ""),
        ({"from_minute": 0, "until_minute": 600}, "other_hour"),
        ({"notice": timedelta(hours=25)}, "too_short_notice"),
        ({"expires_at": NOW}, "expired"),
        ({"visit_at": NOW + timedelta(hours=2)}, "has_earlier"),
        ({"visit_at": NOW + timedelta(days=9)}, ""),
        ({"offered_at": (NOW - timedelta(hours=3),)}, "offered_today"),
        ({"offered_at": tuple(NOW - timedelta(days=d) for d in (2, 3, 4))}, "offered_often"),
        ({"opted_out": True}, "opted_out"),
        ({"flagged": True}, "red_flag"),
    ],
)
def test_an_entry_says_what_suits_and_when_it_ends(changes: dict[str, Any], reason: str) -> None:
    assert why_not_offer(waiting(**changes), SLOT, NOW) == reason
    of_the_slot = ("other_site", "other_day", "other_hour", "too_short_notice", "has_earlier")
    assert why_none_now(waiting(**changes), SLOT.zone, NOW) == ("" if reason in of_the_slot else reason)


@pytest.mark.capability("S11")
def test_urgency_goes_before_waiting_and_waiting_before_fairness() -> None:
    urgent = waiting(priority="P2", entered_at=NOW - timedelta(hours=1))
    long_wait = waiting(entered_at=NOW - timedelta(days=9), offered_at=(NOW - timedelta(days=2),))
    short_wait = waiting(entered_at=NOW - timedelta(days=1))
    short_but_offered = waiting(entered_at=NOW - timedelta(days=1), offered_at=(NOW - timedelta(days=8),))
    everyone = [short_but_offered, short_wait, long_wait, urgent]
    order: list[UUID] = [urgent.entry_id, long_wait.entry_id, short_wait.entry_id, short_but_offered.entry_id]
    assert next_batch(everyone, SLOT, NOW, most=9) == order
    assert next_batch(everyone, SLOT, NOW) == order[:3]


@pytest.fixture
def own(staffed: Clinic) -> Callable[..., Any]:
    """Call the patients' side as intake does."""

    def call(method: str, path: str, body: Any = None) -> Any:
        return staffed.call(method, f"/self{path}", body, actor=None, service="intake")

    return call


@pytest.mark.capability("S11")
def test_a_cancelled_slot_is_offered_claimed_once_and_the_others_get_the_next_ones(
    staffed: Clinic, own: Callable[..., Any]
) -> None:
    holder, later, *rest = many_ready_to_book(staffed, 7)
    far = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 20)})[0]
    first = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)})[0]
    visit = booked(staffed, holder, first)
    booked(staffed, later, far)
    for referral in (later, *rest):
        joined = staffed.call(
            "POST", f"/referrals/{referral}/waitlist", {"sites": ["paola"]}, actor=FRONT_DESK
        )
        assert joined.status_code == 201, joined.text
    assert change(staffed, visit, "cancel", {"reason_code": "patient_cannot_come"}).status_code == 200
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    out = [offer for offer in opened["offers"] if offer["state"] == "offered"]
    assert (opened["state"], len(out), events(staffed, "slot_offered")) == ("open", 3, 3)
    # Held for the offer window: nobody else can take it, and the list shows who has it.
    refused = book(staffed, rest[-1], first)
    assert (refused.status_code, refused.json["conflicts"]) == (409, ["slot_held"])
    assert first not in slots(
        staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)}
    )
    # Nobody claims in time: the next in line are asked.
    with staffed.session() as session:
        session.execute(text("UPDATE offer_round SET batch_until = batch_until - interval '1 hour'"))
    with staffed.session() as session:
        assert run_offers(session) == 1
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    assert [o["state"] for o in opened["offers"]].count("expired") == 3
    out = [offer for offer in opened["offers"] if offer["state"] == "offered"]
    assert (opened["batch"], len(out)) == (2, 3)
    late = own("POST", f"/offers/{opened['offers'][0]['id']}/claim", {})
    assert (late.status_code, late.json["code"]) == (409, "offer_gone")
    assert len(late.json["alternatives"]) == 5
    # All three at once: one wins, by the database; the others are told what is free.
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda offer: own("POST", f"/offers/{offer['id']}/claim", {}), out))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    winner = next(answer.json for answer in answers if answer.status_code == 200)
    assert datetime.fromisoformat(winner["starts_at"]) == datetime.fromisoformat(first["starts_at"])
    assert all(a.json["alternatives"] for a in answers if a.status_code == 409)
    (closed,) = staffed.get("/offers", FRONT_DESK)["items"]
    assert closed["state"] == "claimed"
    assert sorted(o["state"] for o in closed["offers"]) == ["claimed"] + ["expired"] * 3 + ["lost"] * 2
    waits = {entry["referral_id"] for entry in staffed.get("/waitlist", FRONT_DESK)["items"]}
    assert winner["referral_id"] not in waits
    assert len(waits) == 5
    assert events(staffed, "slot_offer_ended") == 6


@pytest.mark.capability("S10", "S11")
def test_a_claim_moves_the_later_visit_and_the_time_it_leaves_is_offered_on(
    staffed: Clinic, own: Callable[..., Any]
) -> None:
    holder, later, planner = many_ready_to_book(staffed, 3)
    first = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)})[0]
    far = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 20)})[0]
    visit = booked(staffed, holder, first)
    second = booked(staffed, later, far)
    staffed.call("POST", f"/referrals/{later}/waitlist", {}, actor=FRONT_DESK)
    # Who has to know ten days before is not asked for a time in six.
    wants = {"notice_minutes": 10 * 24 * 60}
    assert staffed.call("POST", f"/referrals/{planner}/waitlist", wants, actor=FRONT_DESK).status_code == 201
    change(staffed, visit, "cancel", {"reason_code": "patient_declined"})
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    (offer,) = opened["offers"]
    # The list says of each whether a time that suits would be offered to them now, and why not.
    listed = {one["referral_id"]: one["no_offer"] for one in staffed.get("/waitlist", FRONT_DESK)["items"]}
    assert listed == {later: "offered_today", planner: ""}
    seen = own("GET", f"/offers/{offer['id']}").json
    assert (seen["open"], seen["state"]) == (True, "offered")
    claimed = own("POST", f"/offers/{offer['id']}/claim", {})
    assert claimed.status_code == 200, claimed.text
    assert (claimed.json["id"], claimed.json["visit_version"], claimed.json["moves"]) == (second["id"], 2, 1)
    assert events(staffed, "appointment_moved") == 1
    # The time it leaves goes to who waits for one that far ahead.
    on, first_round = staffed.get("/offers", FRONT_DESK)["items"]
    assert (first_round["state"], on["state"]) == ("claimed", "open")
    assert (on["freed"]["appointment_id"], on["freed"]["how"]) == (second["id"], "moved")
    (next_offer,) = on["offers"]
    taken = own("POST", f"/offers/{next_offer['id']}/claim", {})
    assert (taken.status_code, taken.json["referral_id"]) == (200, planner), taken.text
    # A time the clinic itself takes away is offered to nobody.
    assert staffed.call("POST", f"/referrals/{holder}/waitlist", {}, actor=FRONT_DESK).status_code == 201
    gone = change(staffed, taken.json, "cancel", {"reason_code": "provider_unavailable"})
    assert gone.status_code == 200, gone.text
    assert len(staffed.get("/offers", FRONT_DESK)["items"]) == 2


@pytest.mark.capability("S9", "S11")
def test_an_offer_is_not_taken_by_link_while_a_person_has_to_speak_with_the_patient(
    staffed: Clinic, own: Callable[..., Any]
) -> None:
    """The rule of a first time chosen by link (BAD-59), for the offered time and for another one instead of it."""
    holder, waits = many_ready_to_book(staffed, 2)
    first, *_, second = slots(
        staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)}
    )
    visit = booked(staffed, holder, first)
    staffed.call("POST", f"/referrals/{waits}/waitlist", {}, actor=FRONT_DESK)
    with staffed.session() as session:
        session.get_one(Referral, UUID(waits)).open_warnings = ["RF_CES"]
    change(staffed, visit, "cancel", {"reason_code": "patient_declined"})
    assert staffed.get("/offers", FRONT_DESK)["items"] == [], "no text leads to a time that cannot be taken"

    def stands(**now: Any) -> None:
        with staffed.session() as session:
            for name, value in now.items():
                setattr(session.get_one(Referral, UUID(waits)), name, value)

    stands(open_warnings=[])
    again = booked(staffed, holder, first)
    change(staffed, again, "cancel", {"reason_code": "patient_declined"})
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    offer = f"/offers/{opened['offers'][0]['id']}"
    for state, code in (
        ({"flagged": True}, "call_first"),
        ({"flagged": False, "open_warnings": ["RF_CES"]}, "questions_open"),
    ):
        stands(**state)
        refused = own("POST", f"{offer}/claim", {})
        assert (refused.status_code, refused.json["code"]) == (409, code)
        assert refused.json["phone"].startswith("+1")
    # Nothing was changed: the offer stands; once it is over, another time asks the same.
    assert own("GET", offer).json["open"] is True
    with staffed.session() as session:
        session.execute(text("UPDATE slot_offer SET state = 'expired', ended_at = now()"))
        session.execute(text("UPDATE offer_round SET state = 'exhausted'"))
    instead = own("POST", f"{offer}/instead", wish(second))
    assert (instead.status_code, instead.json["code"]) == (409, "questions_open")
    stands(open_warnings=[])
    longer = slots(staffed, visit_type="pt_follow_up", **{"from": later_day(staffed, 6)})[0]
    another = own("POST", f"{offer}/instead", wish(longer))
    assert (another.status_code, another.json["code"]) == (409, "slot_not_offered"), (
        "the kind that was offered"
    )
    assert own("POST", f"{offer}/instead", wish(second)).status_code == 200


def test_staff_stop_a_round_and_the_slot_is_free(staffed: Clinic, own: Callable[..., Any]) -> None:
    holder, waits = many_ready_to_book(staffed, 2)
    first = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)})[0]
    visit = booked(staffed, holder, first)
    staffed.call("POST", f"/referrals/{waits}/waitlist", {}, actor=FRONT_DESK)
    change(staffed, visit, "cancel", {"reason_code": "patient_declined"})
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    declined = own("POST", f"/offers/{opened['offers'][0]['id']}/decline", {})
    assert (declined.status_code, declined.json["state"]) == (200, "declined")
    stopped = staffed.call(
        "POST", f"/offers/{opened['id']}/stop", {}, actor=FRONT_DESK, version=opened["version"]
    )
    assert (stopped.status_code, stopped.json and stopped.json["state"]) == (200, "stopped")
    assert first in slots(
        staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)}
    )
    assert len(staffed.get("/waitlist", FRONT_DESK)["items"]) == 1


def later_day(clinic: Clinic, days: int) -> str:
    return (clinic.now() + timedelta(days=days)).date().isoformat()


@pytest.mark.capability("S10")
def test_nobody_overwrites_what_they_have_not_seen(staffed: Clinic, own: Callable[..., Any]) -> None:
    """If-Match on the list, on offers, closures and walk-ins: a stale one is told what there is now."""
    holder, waits = many_ready_to_book(staffed, 2)

    def send(path: str, body: Any = None, version: int | None = None) -> Any:
        return staffed.call("POST", path, body or {}, actor=FRONT_DESK, version=version)

    joined = send(f"/referrals/{waits}/waitlist", {"sites": ["paola"]})
    assert (joined.status_code, joined.headers["ETag"]) == (201, '"1"')
    blind = send(f"/referrals/{waits}/waitlist", {"sites": []})
    assert (blind.status_code, blind.json["code"]) == (409, "already_waiting")
    assert blind.json["current"]["sites"] == ["paola"]
    changed = send(f"/referrals/{waits}/waitlist", {"sites": ["leawood", "paola"]}, 1)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert changed.json["expires_at"] == joined.json["expires_at"], "an end nobody changes stays"
    past = send(f"/referrals/{waits}/waitlist", {"sites": [], "expires_at": "2021-01-01"}, 2)
    assert (past.status_code, past.json["errors"][0]["field"]) == (422, "json.expires_at")
    with staffed.session() as session:
        noted = select(AuditEntry.details).where(AuditEntry.action == "change_waitlist_wishes")
        (told,) = session.scalars(noted).all()
    assert (told["before"], told["after"]) == ({"sites": ["paola"]}, {"sites": ["leawood", "paola"]})
    late = send(f"/referrals/{waits}/waitlist", {"sites": []}, 1)
    assert (late.status_code, late.json["current"]["sites"]) == (412, ["leawood", "paola"])

    first = slots(staffed, visit_type="pt_evaluation", site="paola", **{"from": later_day(staffed, 6)})[0]
    visit = booked(staffed, holder, first)
    change(staffed, visit, "cancel", {"reason_code": "patient_declined"})
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    assert send(f"/offers/{opened['id']}/stop").status_code == 428
    stale = send(f"/offers/{opened['id']}/stop", version=opened["version"] - 1)
    assert (stale.status_code, stale.json["current"]["batch"]) == (412, 1)
    assert send(f"/offers/{opened['id']}/stop", version=opened["version"]).status_code == 200

    entry = f"/waitlist/{joined.json['id']}/leave"
    assert send(entry).status_code == 428
    assert send(entry, version=1).status_code == 412
    assert send(entry, version=2).json["ended"] == "left"
    assert send(entry, version=2).json["current"]["ended"] == "left"

    # A place that has ended, by staff or by its date, is nobody's to change; a new one is asked for without a version.
    ended = send(f"/referrals/{waits}/waitlist", {"sites": []}, 3)
    assert (ended.status_code, ended.json["code"]) == (412, "changed_meanwhile")
    assert staffed.get("/waitlist", FRONT_DESK)["items"] == []
    again = send(f"/referrals/{waits}/waitlist").json
    with staffed.session() as session, staffed.session() as another:
        standing = waiting_entry(session, UUID(waits), "pt_evaluation")
        assert standing is not None
        free = text("SELECT id FROM waitlist_entry WHERE id = :id FOR UPDATE SKIP LOCKED")
        assert another.execute(free, {"id": standing.id}).first() is None, "who changes a place has it alone"
        standing.expires_at -= timedelta(days=90)
    with staffed.session() as session:
        assert expire_waitlist(session) == 1
    over = send(f"/waitlist/{again['id']}/leave", version=again["version"])
    assert (over.status_code, over.json["current"]["ended"], over.json["current"]["version"]) == (
        412,
        "expired",
        2,
    )

    # Who has a visit waits for an earlier one of its kind, whatever their route begins with.
    later = slots(staffed, visit_type="pt_follow_up", site="paola", **{"from": later_day(staffed, 9)})[0]
    booked(staffed, waits, later)
    assert send(f"/referrals/{waits}/waitlist").json["visit_type"] == "pt_follow_up"

    shut = {"site_id": "paola", "starts_at": "2031-01-01", "ends_at": "2031-01-02", "reason": "holiday"}
    closure = send("/closures", shut).json
    assert send(f"/closures/{closure['id']}/lift").status_code == 428
    assert send(f"/closures/{closure['id']}/lift", version=closure["version"]).status_code == 200
    gone = send(f"/closures/{closure['id']}/lift", version=closure["version"])
    assert (gone.status_code, bool(gone.json["current"]["lifted_at"])) == (412, True)

    here = send(f"/referrals/{holder}/walk-ins", {"site_id": "paola"}).json
    (row,) = staffed.get("/board?site=paola", FRONT_DESK)["items"]
    assert send(f"/walk-ins/{here['id']}/seen").status_code == 428
    assert send(f"/walk-ins/{here['id']}/seen", version=row["version"]).status_code == 200
    other = send(f"/walk-ins/{here['id']}/left", version=row["version"])
    assert (other.status_code, other.json["current"]["state"]) == (412, "seen")
