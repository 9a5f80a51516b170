"""A migration that is killed half-way leaves whole revisions, and running it again completes it (FAULT-57)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from kernel import migrate
from local.databases import SERVICES
from local.migrations_check import metadata
from tests import servers

EACH_LATER_BY = 2


@contextmanager
def dying_at(statement: int, admin_url: str) -> Iterator[None]:
    """End the session of whatever migration runs when its statement of this number comes.

    To the server this is what the death of the migrating process is: a session that is gone without a word.
    """
    seen = 0

    def kill(connection: Connection, *_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            driver = connection.connection.driver_connection
            assert driver is not None
            with psycopg.connect(admin_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 10000)", (driver.info.backend_pid,))

    event.listen(Engine, "before_cursor_execute", kill)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", kill)


@pytest.mark.fault("F57")
@pytest.mark.parametrize("service", SERVICES)
def test_a_migration_killed_again_and_again_comes_to_its_end(service: str) -> None:
    database = servers.empty_database(service)
    try:
        reached: list[str] = []
        for statement in range(3, 400, EACH_LATER_BY):
            try:
                with dying_at(statement, database.admin_url):
                    migrate.upgrade(service, database.owner_url)
                break
            except DBAPIError:
                reached.append(_revision(database.admin_url))
        assert len(reached) >= 3, "killed, and more than once"
        assert len(set(reached)) > 1, "each try keeps what those before it completed"
        migrate.check(service, database.owner_url, metadata(service))
    finally:
        servers.drop_database(database.name)


def _revision(admin_url: str) -> str:
    """The revision a killed migration left; the tables of an unfinished one would make the next try fail."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if table is None or table[0] is None:
            return ""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return "" if row is None else str(row[0])
