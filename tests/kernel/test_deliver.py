"""An event nobody can read must not hold back those it stands beside."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from flask import Flask
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from kernel.context import Actor
from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database
from kernel.dead_events import dead_events
from kernel.deliver import UNREADABLE, EventCourier
from kernel.events import Event
from kernel.inbox import Reaction
from kernel.outbox import emit
from kernel.service_client import ServiceClient
from kernel.settle_deliveries import MOST_REFUSALS
from kernel.tokens import Tokens
from kernel.try_events_again import try_events_again
from kernel.web.api import add_problem_handlers
from kernel.web.hearing import hearing_routes
from kernel.web.principal import Gate
from tests.kernel.test_outbox import AT
from tests.servers import LOOK_UP_SECONDS

NOBODY_THERE = dict.fromkeys(("intake", "referral", "notify", "dashboard"), "http://127.0.0.1:1")


def opted_out(database: Database) -> UUID:
    data = ContactOpted(patient_ids=[uuid4()], channel="sms", at=AT)
    with database.transaction() as session:
        return emit(session, "contact_opted_out", "1", data)


@pytest.mark.fault("F12")
def test_an_event_that_cannot_be_read_is_counted_and_the_others_are_tried(
    kernel_database: Database, two_services: dict[str, Tokens]
) -> None:
    unreadable, sound = opted_out(kernel_database), opted_out(kernel_database)
    with kernel_database.transaction() as session:
        session.execute(
            text("UPDATE outbox_event SET data_sealed = decode('0102', 'hex') WHERE id = :id"),
            {"id": unreadable},
        )
    client = ServiceClient(two_services["alpha"], NOBODY_THERE, timeout_seconds=0.5)
    courier = EventCourier("alpha", kernel_database, client, "w1")
    for _ in range(MOST_REFUSALS):
        with kernel_database.transaction() as session:
            session.execute(text("UPDATE event_delivery SET due_at = now() WHERE state = 'due'"))
            first = session.scalars(text("SELECT id FROM event_delivery ORDER BY state, id")).first()
        assert first is not None
        courier.deliver(first)
    with kernel_database.transaction() as session:
        rows = session.execute(text("SELECT event_id, state, last_error FROM event_delivery")).all()
    assert {row.state for row in rows if row.event_id == unreadable} == {"dead"}
    assert {(row.state, row.last_error) for row in rows if row.event_id == sound} == {("due", "no_answer")}
    # Its two listeners heard nothing: managers are told, an alert of one kind for both.
    with kernel_database.transaction() as session:
        told = session.execute(text("SELECT subject FROM outbox_event WHERE type = 'staff_alerted'")).all()
        assert len(set(told)) == 1
        given_up, total = dead_events(session, most=1)
        assert (len(given_up), total, given_up[0].type) == (1, 2, "contact_opted_out")
        assert given_up[0].last_error == f"status {UNREADABLE}"
        manager = Actor("staff", "m", role="manager")
        assert try_events_again(session, manager, [given_up[0].id, uuid4()]) == 1
        assert try_events_again(session, manager, [given_up[0].id]) == 0, "it is no longer given up"
        again = "SELECT state, refusals, last_error FROM event_delivery WHERE id = :id"
        assert tuple(session.execute(text(again), {"id": given_up[0].id}).one()) == ("due", 0, "")
        audited = "SELECT reason, details FROM audit_entry WHERE action = 'try_event_again'"
        (entry,) = session.execute(text(audited)).all()
    assert (entry.reason, entry.details["type"]) == (f"status {UNREADABLE}", "contact_opted_out")


@contextmanager
def listening(tokens: Tokens, database: Database, reactions: Mapping[str, Reaction]) -> Iterator[str]:
    """A listener as one release of its code hears; yields its address."""
    app = Flask("listener")
    app.register_blueprint(hearing_routes(database, reactions, Gate(tokens, database)))
    add_problem_handlers(app)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_event_an_older_listener_does_not_know_waits_for_its_next_release(
    kernel_database: Database,
) -> None:
    opted_out(kernel_database)
    with kernel_database.transaction() as session:
        session.execute(text("DELETE FROM event_delivery WHERE listener <> 'referral'"))
    keys = {name: OKPKey.generate_key("Ed25519", {"kid": name}) for name in ("alpha", "referral")}
    public = json.dumps({"keys": [key.as_dict(private=False) for key in keys.values()]})
    alpha, referral = (Tokens(name, key.as_pem(private=True).decode(), public) for name, key in keys.items())
    heard: list[Event] = []

    def react(_: Session, event: Event) -> None:
        heard.append(event)

    def deliver(address: str) -> tuple[str, str]:
        courier = EventCourier("alpha", kernel_database, ServiceClient(alpha, {"referral": address}), "w1")
        with kernel_database.transaction() as session:
            session.execute(text("UPDATE event_delivery SET due_at = now()"))
            (row_id,) = session.scalars(text("SELECT id FROM event_delivery")).all()
        courier.deliver(row_id)
        with kernel_database.transaction() as session:
            row = session.execute(text("SELECT state, last_error FROM event_delivery")).one()
        return row.state, row.last_error

    with listening(referral, kernel_database, {}) as address:
        for _ in range(MOST_REFUSALS + 2):
            assert deliver(address) == ("due", "status 501")
    with listening(referral, kernel_database, {"contact_opted_out": react}) as address:
        assert deliver(address) == ("done", "")
    assert len(heard) == 1
