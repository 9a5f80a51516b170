"""An event nobody can read must not hold back those it stands beside."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database
from kernel.deliver import MOST_REFUSALS, EventCourier
from kernel.outbox import emit
from kernel.service_client import ServiceClient
from kernel.tokens import Tokens
from tests.kernel.test_outbox import AT

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
    assert {(row.state, row.last_error) for row in rows if row.event_id == sound} == {("due", "status 503")}
