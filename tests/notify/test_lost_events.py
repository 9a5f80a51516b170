"""A copy that looks like the original is known by what the other services heard: sending is held (FAULT-58)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from kernel.compare_events import MOST_COMPARED
from kernel.database import Database
from kernel.ids import new_id
from kernel.service_client import ServiceClient
from kernel.tokens import Tokens
from kernel.web.hearing import hearing_routes
from kernel.web.join import make_system
from kernel.web.principal import Gate
from local.keys import new_signing_key
from services.notify.actions.compare_with_others import MOST_TRIES, compare_with_others
from services.notify.actions.may_send import may_send
from tests.conftest import DatabaseFactory
from tests.kernel.test_service_client import answer, sick_service
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing
from tests.notify.test_restore import decide, paused
from tests.servers import LOOK_UP_SECONDS

PHONE = "+18165550186"
NOTE = {"note": "Compared the visits of this week by hand."}
SENT = (
    "INSERT INTO outbox_event (id, type, subject, occurred_at, data_sealed) VALUES (:id, 'x', '-', now(), '')"
)
HEARD = "INSERT INTO inbox_event (id, type, source) VALUES (:id, 'x', :source)"


@dataclass
class Peer:
    """The referral service as far as it answers what it heard and sent."""

    store: Database
    client: ServiceClient
    notify: Standing

    def compare(self, *, after_start: bool = False) -> int:
        store = self.notify.store
        with store.transaction() as session:
            return compare_with_others(session, store, self.client, ["referral"], after_start=after_start)

    def run(self, sql: str, **values: Any) -> None:
        with self.store.transaction() as session:
            session.execute(text(sql), values)

    def knows(self, notify: Standing) -> None:
        """Have everything notify heard from it in its outbox, as it is when nobody lost anything."""
        for row in notify.rows("SELECT id FROM inbox_event WHERE source = 'referral'"):
            self.run(SENT + " ON CONFLICT DO NOTHING", id=row.id)


@pytest.fixture
def referral(notify: Standing, database: DatabaseFactory) -> Iterator[Peer]:
    store = Database(database("referral").app_url, name="peer")
    tokens = Tokens("referral", new_signing_key(), notify.settings.service_keys)
    app = make_system("referral")
    app.register_blueprint(hearing_routes(store, {}, Gate(tokens, store)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    client = ServiceClient(notify.parts.tokens, {"referral": f"http://127.0.0.1:{server.port}"}, 10)
    try:
        yield Peer(store, client, notify)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        store.engine.dispose()


def may(notify: Standing) -> bool:
    with notify.store.transaction() as session:
        return may_send(session)


@pytest.mark.fault("F58")
def test_a_service_that_forgot_what_it_told_us_holds_sending_once(notify: Standing, referral: Peer) -> None:
    visit = book(notify, submit(notify, phone=PHONE, email=""), TUESDAY_TEN + timedelta(days=9))
    referral.knows(notify)
    assert (referral.compare(), may(notify)) == (0, True)
    # Its older copy does not have the booking.
    referral.run("DELETE FROM outbox_event")
    assert referral.compare() == 1
    notify.send_due(rounds=2)
    assert notify.states(appointment_id=visit)["booked", "sms"][0] == "due"
    state = paused(notify)
    assert (state["now"], state["reason"], state["by"]) == (True, "restored_elsewhere", "notify")
    assert state["lost"] == [{"service": "referral", "sent_by_us": False, "events": 1}]
    assert referral.compare() == 0, "known already"
    assert decide(notify, "resume", "manager", NOTE).status_code == 200
    # A person has decided about these; and what is known here is whole, so nothing is asked before it is sent.
    assert (referral.compare(), may(notify)) == (0, True)
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1
    (entry,) = notify.rows("SELECT reason, details FROM audit_entry WHERE action = 'find_lost_events'")
    assert (entry.reason, entry.details) == ("referral", {"events": 1, "sent_by_us": 0})


@pytest.mark.fault("F58")
def test_what_others_heard_from_us_and_we_do_not_know_holds_sending_and_the_carrier_is_asked_first(
    notify: Standing, referral: Peer
) -> None:
    assert may(notify)
    ours = new_id()
    with notify.store.transaction() as session:
        session.execute(text(SENT), {"id": ours})
    referral.run(HEARD, id=ours, source="notify")
    referral.run(HEARD, id=new_id(), source="intake")
    assert referral.compare() == 0, "what intake sent is no business of ours"
    # From two hours ago on something is missing here, whenever this copy was last alive.
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    lost = new_id(int(made.timestamp()) * 1000)
    referral.run(HEARD, id=lost, source="notify")
    book(notify, submit(notify, phone=PHONE, email=""), TUESDAY_TEN + timedelta(days=9))
    referral.knows(notify)
    assert (referral.compare(), may(notify), paused(notify)["reason"]) == (1, False, "restored")
    (gap,) = notify.rows("SELECT gap_since FROM sending_gate")
    assert gap.gap_since == made - timedelta(minutes=15)
    assert decide(notify, "resume", "manager", NOTE).status_code == 200
    (entry,) = notify.rows("SELECT details FROM audit_entry WHERE action = 'resume_sending'")
    assert entry.details == {"asked_first": 1}


@pytest.mark.fault("F58", "F59")
def test_after_a_start_of_postgresql_the_others_are_asked_before_anything_leaves_but_not_for_ever(
    notify: Standing, referral: Peer
) -> None:
    started_again = "UPDATE sending_gate SET compared_start = NULL"

    def start() -> None:
        with notify.store.transaction() as session:
            session.execute(text(started_again))

    assert may(notify)
    start()
    assert not may(notify)
    assert (referral.compare(after_start=True), may(notify)) == (0, True)
    # One that does not answer keeps messages back for a while, and no longer.
    away = Peer(
        referral.store, ServiceClient(notify.parts.tokens, {"referral": "http://127.0.0.1:1"}), notify
    )
    start()
    assert [(away.compare(after_start=True), may(notify)) for _ in range(MOST_TRIES)][-2:] == [
        (0, False),
        (0, True),
    ]
    (gate,) = notify.rows("SELECT compare_tries, paused_at FROM sending_gate")
    assert tuple(gate) == (0, None), "nothing was found: nothing is paused"
    # What is asked in vain while nothing waits for it is not counted: the next start has all its tries.
    for _ in range(MOST_TRIES - 1):
        away.compare()
    start()
    assert (away.compare(after_start=True), may(notify)) == (0, False)
    assert (referral.compare(after_start=True), may(notify)) == (0, True)


@pytest.mark.fault("F59")
def test_an_odd_answer_is_as_good_as_none_and_each_is_told(notify: Standing, referral: Peer) -> None:
    assert may(notify)
    with notify.store.transaction() as session:
        session.execute(text("UPDATE sending_gate SET compared_start = NULL"))

    def tell(body: bytes, status: int = 200) -> tuple[int, bool]:
        with sick_service(answer(body, status)) as (address, _):
            client = ServiceClient(notify.parts.tokens, {"referral": address})
            return Peer(referral.store, client, notify).compare(after_start=True), may(notify)

    odd = (
        b'{"never_sent": [], "heard": null}',
        b'{"never_sent": ["x"], "heard": []}',
        b'{"never_sent": [], "heard": [7]}',
        b"{}",
        b"[]",
        b"null",
    )
    with capture_logs() as told:
        sent = [tell(body) for body in odd] + [tell(b"{}", 403) for _ in range(MOST_TRIES - len(odd))]
    assert sent == [*[(0, False)] * (MOST_TRIES - 1), (0, True)], "counted like any other try"
    warned = [line["why"] for line in told if line["event"] == "compare_not_answered"]
    assert warned == ["odd_answer"] * len(odd) + ["status 403"] * (MOST_TRIES - len(odd))
    assert [line["tries"] for line in told if line["event"] == "compare_given_up"] == [MOST_TRIES]
    # An id that is none of ours, and names a time no calendar has, is missing here all the same.
    with notify.store.transaction() as session:
        session.execute(text("UPDATE sending_gate SET compared_start = NULL"))
    strange = UUID(int=2**128 - 1)
    assert tell(f'{{"never_sent": [], "heard": ["{strange}"]}}'.encode()) == (1, False)
    assert paused(notify)["reason"] == "restored"


def test_only_a_service_may_compare_and_only_a_list_of_ids(notify: Standing, referral: Peer) -> None:
    for body, status in (({"heard": []}, 200), ({"heard": ["x"]}, 400), ({}, 400), ([], 400)):
        assert referral.client.call("referral", "POST", "/events/compare", json_body=body).status == status
    many = {"heard": [str(new_id()) for _ in range(MOST_COMPARED + 1)]}
    assert referral.client.call("referral", "POST", "/events/compare", json_body=many).status == 400
