"""Gathered rows are in the transaction like any others: seen by what follows, gone with a rollback, all or none."""

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from kernel.audit import record
from kernel.context import Actor
from kernel.database import Database
from kernel.rows import MOST_OF_ONE_TABLE, add_row, add_values, cursor, write_changes
from kernel.tables import WorkerCanary
from tests.kernel.test_work import owe

NURSE = Actor("staff", "7", role="nurse")
COUNT = "SELECT count(*) AS n FROM audit_entry"


def test_what_is_gathered_is_seen_by_whatever_is_asked_next(kernel_database: Database) -> None:
    with kernel_database.transaction() as session:
        record(session, NURSE, "accept_referral", "referral", 1)
        assert session.execute(text(COUNT)).scalar_one() == 1
        record(session, NURSE, "accept_referral", "referral", 2)
        (row,) = cursor(session).execute(COUNT).fetchall()
        assert row.n == 2


def test_rows_of_several_tables_go_out_in_one_statement(kernel_database: Database) -> None:
    """Also more of one table than one VALUES list takes, and a mapped object with its latest values."""
    with kernel_database.transaction() as session:
        now = session.execute(text("SELECT now()")).scalar_one()
    asked: list[str] = []
    event.listen(kernel_database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    many = MOST_OF_ONE_TABLE + 5
    with kernel_database.transaction() as session:
        canary = WorkerCanary(queue="early", stamped_at=now)
        add_row(session, canary)
        for number in range(many):
            add_values(session, "lost_worker", {"worker_id": f"w{number}"})
        canary.queue = "late"
    assert asked == [], "SQLAlchemy was asked for nothing"
    with kernel_database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM lost_worker")).scalar_one() == many
        assert session.execute(text("SELECT queue FROM worker_canary")).scalar_one() == "late"


def test_the_last_changes_of_a_loaded_row_go_out_with_the_new_ones(kernel_database: Database) -> None:
    with kernel_database.transaction() as session:
        now = session.execute(text("SELECT now()")).scalar_one()
        for queue in ("changed", "other"):
            session.add(WorkerCanary(queue=queue, stamped_at=now))
    asked: list[str] = []
    with kernel_database.transaction() as session:
        canary = session.get_one(WorkerCanary, "changed")
        record(session, NURSE, "accept_referral", "referral", 1)
        event.listen(kernel_database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        canary.stamped_at = now + timedelta(hours=1)
        write_changes(session, canary)
        canary.stamped_at = now + timedelta(hours=9)
    assert asked == [], "the unit of work had nothing to do, and wrote nothing later"
    with kernel_database.transaction() as session:
        unchanged = session.get_one(WorkerCanary, "other")
        write_changes(session, unchanged)
        again = session.get_one(WorkerCanary, "changed")
        assert (again.stamped_at, unchanged.stamped_at) == (now + timedelta(hours=1), now)
        again.stamped_at = now
        write_changes(session, again)
        assert session.get_one(WorkerCanary, "changed").stamped_at == now, "asked again, it is as written"


def test_a_rollback_takes_what_was_gathered_and_one_bad_row_takes_all(kernel_database: Database) -> None:
    with pytest.raises(ZeroDivisionError), kernel_database.transaction() as session:
        record(session, NURSE, "accept_referral", "referral", 1)
        raise ZeroDivisionError
    with pytest.raises(Exception, match="lost_worker"), kernel_database.transaction() as session:
        record(session, NURSE, "accept_referral", "referral", 1)
        for _ in range(2):
            add_values(session, "lost_worker", {"worker_id": "the same"})
    with kernel_database.transaction() as session:
        assert session.execute(text(COUNT)).scalar_one() == 0


def test_an_event_may_be_referred_to_in_its_own_transaction(kernel_database: Database) -> None:
    owe(kernel_database, 2)
    with kernel_database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM event_delivery")).scalar_one() == 2
