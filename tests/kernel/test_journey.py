"""What goes to PostgreSQL in one journey is run in order, all or nothing, and what was prepared is not held to for ever."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.database import Database
from kernel.journey import MOST_PREPARED, PREPARED_FROM, Question, Traveller
from kernel.rows import cursor
from tests.conftest import DatabaseFactory
from tests.servers import ServiceDatabase

PREPARED = "SELECT count(*) AS n FROM pg_prepared_statements WHERE statement LIKE $1"
TABLE = "CREATE TABLE seen_thing (number int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, word text)"
CHANGED = "ALTER TABLE seen_thing ALTER COLUMN number TYPE bigint"


@pytest.fixture
def place(database: DatabaseFactory) -> ServiceDatabase:
    made = database("referral")
    with psycopg.connect(made.owner_url) as owner:
        owner.execute(TABLE)
    return made


@pytest.fixture
def connection(place: ServiceDatabase) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(place.app_url) as held:
        yield held


def rows_of(connection: "psycopg.Connection[Any]") -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT number, word FROM seen_thing ORDER BY number").fetchall()
    connection.rollback()
    return found


def test_each_sees_what_came_before_it_and_the_commit_is_the_last(
    connection: "psycopg.Connection[Any]",
) -> None:
    put = "INSERT INTO seen_thing VALUES ($1, $2)"
    answers = Traveller(connection).ask(
        [(put, [1, "one"]), ("SELECT number, word FROM seen_thing", []), (put, [2, None])], commit=True
    )
    assert [one.rowcount for one in answers] == [1, 1, 1]
    assert [(row.number, row.word) for row in answers[1]] == [(1, "one")]
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    connection.rollback()
    assert rows_of(connection) == [(1, "one"), (2, None)]


def test_after_one_that_fails_none_is_run_and_nothing_is_committed(
    connection: "psycopg.Connection[Any]",
) -> None:
    traveller = Traveller(connection)
    put = "INSERT INTO seen_thing VALUES ($1, 'kept?')"
    with pytest.raises(psycopg.errors.DivisionByZero):
        traveller.ask([(put, [1]), ("SELECT 1 / $1::int", [0]), (put, [2])], commit=True)
    connection.rollback()
    assert rows_of(connection) == []
    assert traveller.execute(put, [3]).rowcount == 1, "the connection goes on"


def test_a_statement_sees_what_was_committed_while_the_one_before_it_waited(
    place: ServiceDatabase, connection: "psycopg.Connection[Any]"
) -> None:
    waits = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    both: list[Question] = [
        ("SELECT number FROM seen_thing FOR UPDATE", []),
        ("SELECT word FROM seen_thing", []),
    ]
    with ThreadPoolExecutor(1) as beside, psycopg.connect(place.app_url) as other:
        connection.execute("INSERT INTO seen_thing VALUES (1, 'as it was')")
        connection.commit()
        other.execute("UPDATE seen_thing SET word = 'as it is'")
        asked = beside.submit(Traveller(connection).ask, both)
        while other.execute(waits).fetchone() == (0,):
            assert not asked.done()
        other.commit()
        assert [row.word for row in asked.result(60)[1]] == ["as it is"]


def test_a_commit_that_is_refused_is_an_error_and_no_commit(connection: "psycopg.Connection[Any]") -> None:
    put = "INSERT INTO seen_thing VALUES ($1, '')"
    with pytest.raises(psycopg.errors.UniqueViolation):
        Traveller(connection).ask([(put, [1]), (put, [1])], commit=True)
    connection.rollback()
    assert rows_of(connection) == []


def test_what_is_asked_again_is_prepared_once_and_outlives_a_refusal(
    connection: "psycopg.Connection[Any]",
) -> None:
    traveller = Traveller(connection)
    for _ in range(PREPARED_FROM + 2):
        traveller.execute("SELECT 'mine' AS word, $1::int AS number", [1])
        connection.rollback()
    assert traveller.execute(PREPARED, ["%mine%"]).fetchall() == [(1,)]


def test_no_connection_keeps_more_than_so_many(connection: "psycopg.Connection[Any]") -> None:
    traveller = Traveller(connection)
    for number in range(MOST_PREPARED + 5):
        for _ in range(PREPARED_FROM):
            assert traveller.execute(f"SELECT {number} AS found").fetchone().found == number
    assert traveller.execute(PREPARED, ["SELECT % AS found"]).fetchone().n <= MOST_PREPARED
    connection.rollback()
    for number in range(MOST_PREPARED + 5):
        assert traveller.execute(f"SELECT {number} AS found").fetchone().found == number


def test_a_connection_that_breaks_off_is_closed_and_the_error_says_so(
    place: ServiceDatabase, connection: "psycopg.Connection[Any]"
) -> None:
    traveller = Traveller(connection)
    with psycopg.connect(place.app_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        traveller.ask([("SELECT 1", []), ("SELECT 2", [])], commit=True)
    assert connection.closed


def test_what_broke_a_journey_off_is_what_is_told(
    place: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a task's time limit, raised while it waits: the connection is given up, and the next one is sound."""
    store = Database(place.app_url, name="journey-test", pool_size=1)

    def over(*_: Any) -> None:
        raise TimeoutError("the task's time is over")

    with pytest.raises(TimeoutError), store.transaction() as session, monkeypatch.context() as patched:
        asked = cursor(session)
        asked.execute("INSERT INTO seen_thing VALUES (1, 'lost')")
        patched.setattr("kernel.journey._travel", over)
        asked.execute("SELECT 1")
    with store.transaction() as session:
        assert cursor(session).execute("SELECT number FROM seen_thing").fetchall() == []
    store.engine.dispose()


def test_what_is_given_up_between_transactions_is_given_up_with_the_next(
    connection: "psycopg.Connection[Any]",
) -> None:
    """Most of what varies is asked last, with the COMMIT: no transaction is open then."""
    traveller = Traveller(connection)
    for number in range(MOST_PREPARED + 5):
        for _ in range(PREPARED_FROM):
            traveller.ask([(f"SELECT {number} AS found", []), ("SELECT 'often' AS found", [])], commit=True)
    found = traveller.execute(PREPARED, ["SELECT % AS found"]).fetchone().n
    assert found <= MOST_PREPARED
    assert traveller.execute(PREPARED, ["SELECT 'often'%"]).fetchone().n == 1, "what is used goes last"


@pytest.mark.fault("F56")
@pytest.mark.parametrize("by_driver", [True, False])
def test_a_statement_whose_columns_a_migration_changed_fails_once_and_no_more(
    place: ServiceDatabase, by_driver: bool
) -> None:
    """A release goes in while the one before it works: what it had prepared is made anew, not refused for ever."""
    store = Database(place.app_url, name="journey-test", pool_size=1)

    def ask() -> Any:
        with store.transaction() as session:
            if by_driver:
                return cursor(session).execute("SELECT number FROM seen_thing").fetchall()
            return session.execute(text("SELECT number FROM seen_thing")).all()

    for _ in range(PREPARED_FROM + 5):
        assert ask() == []
    with psycopg.connect(place.owner_url) as owner:
        owner.execute(CHANGED)
    with pytest.raises((psycopg.errors.FeatureNotSupported, DBAPIError), match="cached plan"):
        ask()
    assert ask() == []
    store.engine.dispose()
