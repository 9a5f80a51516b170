"""What is due to one listener goes in one request, and each event has an outcome of its own (decision 0265)."""

import json
from collections import Counter
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database
from kernel.deliver import ROWS_PER_RING, EventCourier
from kernel.events import BATCH_TYPE, Event
from kernel.hear_together import hear_together
from kernel.inbox import Reaction
from kernel.service_client import Answer, ServiceClient
from kernel.tokens import Tokens
from tests.kernel.test_deliver import listening, opted_out
from tests.kernel.test_outbox import envelope
from tests.kernel.test_service_client import sick_service

Rows = list[tuple[UUID, str, str, int]]


class Pair:
    """A sender of events to `referral`, on one database, which notes the media type of each of its requests."""

    def __init__(self, database: Database) -> None:
        self.database = database
        keys = {name: OKPKey.generate_key("Ed25519", {"kid": name}) for name in ("alpha", "referral")}
        public = json.dumps({"keys": [key.as_dict(private=False) for key in keys.values()]})
        self._alpha, self.referral = (
            Tokens(name, key.as_pem(private=True).decode(), public) for name, key in keys.items()
        )
        self.asked: list[str] = []

    def owe(self, count: int) -> list[UUID]:
        """Events of one kind, the oldest first, owed to `referral` alone."""
        owed = [opted_out(self.database) for _ in range(count)]
        self.change("DELETE FROM event_delivery WHERE listener <> 'referral'")
        return owed

    def change(self, statement: str, **values: object) -> None:
        with self.database.transaction() as session:
            session.execute(text(statement), values)

    def deliver(self, address: str, timeout_seconds: float = 5.0) -> Rows:
        """Make all that waits due, have a courier take it, and return event, state, error and refusals of each."""
        client = ServiceClient(self._alpha, {"referral": address}, timeout_seconds)
        told = client.call

        def noted(*args: object, **options: object) -> Answer:
            self.asked.append(options["headers"]["Content-Type"])  # type: ignore[index]
            return told(*args, **options)  # type: ignore[arg-type]

        client.call = noted  # type: ignore[method-assign]
        self.change("UPDATE event_delivery SET due_at = now() WHERE state = 'due'")
        with self.database.transaction() as session:
            (first, *_) = session.scalars(text("SELECT id FROM event_delivery ORDER BY state DESC, id")).all()
        EventCourier("alpha", self.database, client, "w1").deliver(first)
        return self.rows()

    def rows(self) -> Rows:
        with self.database.transaction() as session:
            found = session.execute(
                text("SELECT event_id, state, last_error, refusals FROM event_delivery ORDER BY id")
            )
            return [tuple(row) for row in found]


@pytest.fixture
def pair(kernel_database: Database) -> Pair:
    return Pair(kernel_database)


def test_several_go_in_one_request_in_their_order_and_each_has_its_own_outcome(pair: Pair) -> None:
    sound = pair.owe(4)
    failing, refused, unknown = pair.owe(3)
    pair.change("UPDATE outbox_event SET type = 'not_yet_known' WHERE id = :id", id=unknown)
    heard: list[UUID] = []

    def react(session: Session, event: Event) -> None:
        session.execute(text("INSERT INTO lost_worker (worker_id) VALUES (:id)"), {"id": str(event.id)})
        if event.id == failing:
            raise RuntimeError("of this event alone")
        if event.id == refused:
            ContactOpted.model_validate({})
        heard.append(event.id)

    with listening(pair.referral, pair.database, {"contact_opted_out": react}) as address:
        rows = pair.deliver(address)
        assert pair.asked == [BATCH_TYPE]
        assert [row[1:] for row in rows if row[0] in sound] == [("done", "", 0)] * 4
        assert {row[0]: row[1:] for row in rows if row[0] not in sound} == {
            failing: ("due", "status 500", 0),
            refused: ("due", "status 422", 1),
            unknown: ("due", "status 501", 0),
        }
        # Rolled back with the one that failed, then heard one by one: what they did is there once.
        assert heard[-4:] == sound
        with pair.database.transaction() as session:
            acted = set(session.scalars(text("SELECT worker_id FROM lost_worker")))
            inbox = set(session.scalars(text("SELECT id FROM inbox_event")))
        assert acted == {str(one) for one in sound} and inbox == set(sound)

        # What was the matter with stays by itself; what comes new goes together, undisturbed by it.
        more, before = pair.owe(3), len(heard)
        rows = pair.deliver(address)
        assert Counter(pair.asked[1:]) == {BATCH_TYPE: 1, "application/json": 3}
        assert heard[before:] == more
        assert {row[1] for row in rows if row[0] in more} == {"done"}


def test_what_had_no_answer_together_goes_by_itself_and_what_met_nobody_together(pair: Pair) -> None:
    heard: list[UUID] = []
    reactions: dict[str, Reaction] = {"contact_opted_out": lambda _, event: heard.append(event.id)}
    owed = pair.owe(3)
    with sick_service(b"") as (silent, asked):
        assert {row[1:3] for row in pair.deliver(silent, 0.4)} == {("due", "unanswered")}
    assert len(asked) == 1 and pair.asked == [BATCH_TYPE]
    with listening(pair.referral, pair.database, reactions) as address:
        assert {row[1] for row in pair.deliver(address)} == {"done"}
        assert pair.asked[1:] == ["application/json"] * 3 and sorted(heard) == sorted(owed)
        owed += pair.owe(3)
        assert {row[2] for row in pair.deliver("http://127.0.0.1:1") if row[1] == "due"} == {"no_answer"}
        assert {row[1] for row in pair.deliver(address)} == {"done"}
    assert pair.asked[4:] == [BATCH_TYPE] * 2 and sorted(heard) == sorted(owed)


def test_a_listener_that_takes_only_one_at_a_time_is_brought_them_so(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a listener of an earlier release does, to whom an array is no event."""
    owed, heard = pair.owe(3), list[UUID]()
    monkeypatch.setattr("kernel.web.hearing.BATCH_TYPE", "not known yet")
    with listening(
        pair.referral, pair.database, {"contact_opted_out": lambda _, event: heard.append(event.id)}
    ) as address:
        assert {row[1] for row in pair.deliver(address)} == {"done"}
    assert pair.asked == [BATCH_TYPE] + ["application/json"] * 3 and heard == owed


def test_one_task_takes_a_bounded_number(pair: Pair) -> None:
    owed, heard = pair.owe(ROWS_PER_RING + 2), list[UUID]()
    with listening(
        pair.referral, pair.database, {"contact_opted_out": lambda _, event: heard.append(event.id)}
    ) as address:
        assert Counter(row[1] for row in pair.deliver(address)) == {"done": ROWS_PER_RING, "due": 2}
    assert pair.asked == [BATCH_TYPE] and heard == owed[:ROWS_PER_RING]


def test_one_request_takes_a_bounded_number_of_bytes(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    owed, heard = pair.owe(3), list[UUID]()
    # Two bytes a character: each is more than 4,000 bytes in some 2,300 characters, so two together are too many.
    pair.change("UPDATE outbox_event SET subject = repeat('ñ', 2000)")
    monkeypatch.setattr("kernel.deliver.LARGEST_TOGETHER", 7_000)
    with listening(
        pair.referral, pair.database, {"contact_opted_out": lambda _, event: heard.append(event.id)}
    ) as address:
        assert {row[1] for row in pair.deliver(address)} == {"done"}
    assert pair.asked == ["application/json"] * 3 and heard == owed


def test_several_in_one_transaction_give_way_before_anybody_is_ended_for_waiting_in_a_circle(
    kernel_database: Database,
) -> None:
    """Their reactions lock in the order of the events: PostgreSQL, asked after a second, may end a send or a STOP."""
    patience: list[str] = []

    def react(session: Session, _: Event) -> None:
        patience.append(session.execute(text("SHOW lock_timeout")).scalar_one())
        if len(patience) == 2:
            raise RuntimeError

    assert hear_together(kernel_database, {"contact_opted_out": react}, [envelope(), envelope()]) == [
        None,
        None,
    ]
    assert patience == ["200ms", "200ms", "5s", "5s"]


def test_what_is_not_reached_in_time_comes_by_itself(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.hear_together.HEARING_SECONDS", -1.0)
    heard: list[UUID] = []

    def react(_: Session, event: Event) -> None:
        heard.append(event.id)
        if len(heard) == 1:
            raise RuntimeError

    pair.owe(2)
    with listening(pair.referral, pair.database, {"contact_opted_out": react}) as address:
        assert {row[1:] for row in pair.deliver(address)} == {("due", "status 425", 0)}
        assert {row[1] for row in pair.deliver(address)} == {"done"}
    assert pair.asked == [BATCH_TYPE, "application/json", "application/json"]


def test_one_event_twice_in_one_request_acts_once(kernel_database: Database) -> None:
    given, heard = envelope(), list[UUID]()
    reactions: dict[str, Reaction] = {"contact_opted_out": lambda _, event: heard.append(event.id)}
    assert hear_together(kernel_database, reactions, [given, given]) == [None, None]
    assert hear_together(kernel_database, reactions, [given]) == [None]
    assert heard == [given.id]
