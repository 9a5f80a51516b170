"""Migrations run while the clinic works, and the code before them goes on working on what they leave (FAULT-56)."""

import re
import threading
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, event

from kernel import migrate
from local.databases import SERVICES
from tests import servers
from tests.conftest import DatabaseFactory

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES',
    column_default IS NOT NULL OR is_generated = 'ALWAYS' OR is_identity = 'YES'
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""
CONSTRAINTS = """
SELECT CAST(conrelid AS regclass)::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = CAST('public' AS regnamespace) AND contype IN ('c', 'u', 'x', 'f')
"""
# Changes that only let more in than before; read by a person, one by one.
WIDER = {
    ("intake", "0005", "page_save.sequence"),  # integer to bigint
    ("intake", "0090", "ck_patient_link_purpose"),  # one purpose more
    ("referral", "0011", "fk_seat_use_hold_id"),  # checked later
    ("referral", "0152", "fk_seat_use_hold_id"),  # checked at commit
    ("referral", "0152", "fk_seat_use_appointment_id"),  # checked at commit
    ("referral", "0250", "fk_offer_round_freed_appointment_id"),  # of a column that is new with it
}


INDEX = re.compile(r"\s*CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?\w+ ON (\w+)")
SHUT_OUT = """
SELECT CAST(CAST(relation AS regclass) AS text) FROM pg_locks
WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND locktype = 'relation'
"""


@dataclass(frozen=True)
class Shape:
    """What code counts on: columns (type, may be null, fills itself) and constraints, by table."""

    columns: dict[tuple[str, str], tuple[str, bool, bool]]
    constraints: dict[tuple[str, str], str]

    def broken_by(self, newer: "Shape") -> list[str]:
        """Names of what code written for this shape cannot live with in `newer`."""
        tables = {table for table, _ in self.columns}
        broken = []
        for (table, column), (kind, nullable, _) in self.columns.items():
            now = newer.columns.get((table, column))
            if now is None or now[0] != kind or (nullable and not now[1] and not now[2]):
                broken.append(f"{table}.{column}")
        for (table, column), (_, nullable, fills_itself) in newer.columns.items():
            if table in tables and (table, column) not in self.columns and not (nullable or fills_itself):
                broken.append(f"{table}.{column}")
        for (table, name), definition in newer.constraints.items():
            if table in tables and self.constraints.get((table, name)) != definition:
                broken.append(name)
        return broken


def shape_of(admin_url: str) -> Shape:
    with psycopg.connect(admin_url) as connection:
        columns = connection.execute(COLUMNS).fetchall()
        constraints = connection.execute(CONSTRAINTS).fetchall()
    return Shape({row[:2]: row[2:] for row in columns}, {row[:2]: row[2] for row in constraints})


@pytest.mark.fault("F56")
@pytest.mark.parametrize("service", SERVICES)
def test_every_revision_only_adds_so_the_code_before_it_goes_on(service: str) -> None:
    """Migrations run under the old code (runbook): none takes away or tightens what that code reads and writes."""
    database = servers.empty_database(service)
    before: Shape | None = None
    built = set[tuple[str, str, str]]()
    revision = ""

    def building(connection: Connection, _: Any, statement: str, *more: Any) -> None:
        """Note an index that is built on a table of before while nobody can read that table."""
        index = INDEX.match(statement)
        if index is None or before is None or index[1] not in {table for table, _ in before.columns}:
            return
        if index[1] in connection.exec_driver_sql(SHUT_OUT).scalars().all():
            built.add((service, revision, index[1]))

    event.listen(Engine, "before_cursor_execute", building)
    try:
        script = ScriptDirectory.from_config(migrate._config(service, database.owner_url))
        revisions = [revision.revision for revision in script.walk_revisions()][::-1]
        tightened = set()
        for revision in revisions:
            migrate.upgrade(service, database.owner_url, revision)
            after = shape_of(database.admin_url)
            if before is not None:
                tightened |= {(service, revision, name) for name in before.broken_by(after)}
            before = after
        assert tightened == {known for known in WIDER if known[0] == service}
        assert built == set(), "built while nobody can read the table"
    finally:
        event.remove(Engine, "before_cursor_execute", building)
        servers.drop_database(database.name)


@pytest.mark.fault("F56")
def test_a_migration_behind_a_long_reader_lets_traffic_pass_and_comes_to_its_end(
    database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a limit, everybody would queue behind the migration that queues behind the reader."""
    notify = database("notify")
    migrate.downgrade("notify", notify.owner_url, "0184")
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", (0.1, 0.2))
    gave_up = threading.Semaphore(0)
    stopping, failures, passed = threading.Event(), list[str](), 0

    def noticed(context: Any) -> None:
        if isinstance(context.original_exception, LockNotAvailable):
            gave_up.release()

    def traffic() -> None:
        nonlocal passed
        # As the services set it: a request that waits longer for a lock is answered 503.
        with psycopg.connect(notify.app_url, autocommit=True, options="-c lock_timeout=5000") as connection:
            while not stopping.wait(0.02):
                try:
                    connection.execute("SELECT count(*) FROM planned_message")
                    passed += 1
                except psycopg.Error as error:
                    failures.append(type(error).__name__)

    event.listen(Engine, "handle_error", noticed)
    clients = [threading.Thread(target=traffic) for _ in range(3)]
    migration = threading.Thread(target=migrate.upgrade, args=("notify", notify.owner_url))
    try:
        with psycopg.connect(notify.admin_url) as reader:
            reader.execute("SELECT count(*) FROM planned_message")
            for thread in (*clients, migration):
                thread.start()
            for _ in range(2):
                assert gave_up.acquire(timeout=60), "the migration waits for ever, and everybody behind it"
            seen = passed
            assert migration.is_alive()
        migration.join(120)
        assert not migration.is_alive()
    finally:
        stopping.set()
        for thread in clients:
            thread.join()
        event.remove(Engine, "handle_error", noticed)
    assert failures == []
    assert seen > 0, "between its tries the traffic went on"
    with psycopg.connect(notify.admin_url) as connection:
        connection.execute("SELECT goes_alone FROM planned_message LIMIT 0")
