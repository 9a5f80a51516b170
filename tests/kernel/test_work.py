import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.tables import EventDelivery
from kernel.work import Claim, claim, free_leases, ring_due, unanswered
from tests.kernel.test_outbox import opted

TABLE = "event_delivery"


def owe(database: Database, count: int, delay: timedelta = timedelta()) -> None:
    with database.transaction() as session:
        event_id = emit(session, "contact_opted_out", "1", opted())
        session.execute(text("DELETE FROM event_delivery"))
        for _ in range(count):
            due_at = now(session) + delay
            session.add(EventDelivery(id=new_id(), event_id=event_id, listener="referral", due_at=due_at))


def a_row(session: Session) -> EventDelivery:
    return session.query(EventDelivery).order_by(EventDelivery.id).limit(1).one()


def test_a_row_is_rung_once_and_not_before_it_is_due(kernel_database: Database) -> None:
    owe(kernel_database, 3)
    with kernel_database.transaction() as session:
        assert len(ring_due(session, TABLE)) == 3
    with kernel_database.transaction() as session:
        assert ring_due(session, TABLE) == []
    owe(kernel_database, 2, timedelta(minutes=1))
    with kernel_database.transaction() as session:
        assert ring_due(session, TABLE) == []


def test_a_rung_row_nobody_claims_is_found_again(kernel_database: Database) -> None:
    owe(kernel_database, 1)
    with kernel_database.transaction() as session:
        rung = ring_due(session, TABLE)
        assert unanswered(session, TABLE) == []
        session.execute(text("UPDATE event_delivery SET rung_at = now() - interval '4 seconds'"))
        assert unanswered(session, TABLE) == rung


def test_sixteen_claimers_never_share_a_row(kernel_database: Database) -> None:
    owe(kernel_database, 200)
    with kernel_database.transaction() as session:
        ids = ring_due(session, TABLE)
    claimed: list[Claim] = []
    start = threading.Barrier(8)

    def claimer(number: int) -> None:
        start.wait()
        for row_id in ids[number::2]:
            with kernel_database.transaction() as session:
                found = claim(session, TABLE, row_id, f"w{number}", limit=4)
            claimed.extend(found)

    threads = [threading.Thread(target=claimer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(c.id for c in claimed) == Counter(dict.fromkeys(ids, 1))
    assert len({c.attempt_id for c in claimed}) == 200


@pytest.mark.fault("F13")
def test_a_lease_that_ran_out_frees_the_row_and_fences_its_old_holder(kernel_database: Database) -> None:
    owe(kernel_database, 1)
    with kernel_database.transaction() as session:
        (first,) = claim(session, TABLE, a_row(session).id, "w1")
        assert free_leases(session, TABLE, None) == 0
        session.execute(text("UPDATE event_delivery SET lease_until = now() - interval '1 second'"))
        assert free_leases(session, TABLE, None) == 1
        (second,) = claim(session, TABLE, first.id, "w2")
    assert second.attempt_id != first.attempt_id
    assert second.attempts == 2


def test_a_dead_workers_rows_are_freed_at_once(kernel_database: Database) -> None:
    owe(kernel_database, 2)
    with kernel_database.transaction() as session:
        claim(session, TABLE, a_row(session).id, "dead", limit=1)
        assert free_leases(session, TABLE, "other") == 0
        assert free_leases(session, TABLE, "dead") == 1
