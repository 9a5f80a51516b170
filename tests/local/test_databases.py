"""The four databases keep their roles apart."""

import psycopg
import pytest

from local import databases
from local.databases import Role
from tests import servers
from tests.servers import ServiceDatabase


@pytest.fixture(scope="module")
def intake() -> ServiceDatabase:
    return servers.empty_database("intake")


@pytest.fixture(scope="module")
def referral() -> ServiceDatabase:
    return servers.empty_database("referral")


def test_app_role_may_change_rows_but_not_tables(intake: ServiceDatabase) -> None:
    with psycopg.connect(intake.owner_url) as owner:
        owner.execute("CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
    with psycopg.connect(intake.app_url, autocommit=True) as app:
        app.execute("INSERT INTO thing (word) VALUES ('one')")
        app.execute("UPDATE thing SET word = 'two'")
        assert app.execute("SELECT word FROM thing").fetchall() == [("two",)]
        app.execute("DELETE FROM thing")
        for refused in (
            "DROP TABLE thing",
            "CREATE TABLE other (id int)",
            "ALTER TABLE thing ADD x int",
            "TRUNCATE thing",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused)


def test_a_service_cannot_connect_to_anothers_database(
    intake: ServiceDatabase, referral: ServiceDatabase
) -> None:
    for url in (referral.app_url, referral.owner_url):
        role = Role(*url.removeprefix("postgresql://").partition("@")[0].split(":"))
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(databases.address(intake.admin_url, role, intake.name))


def test_the_socket_asks_for_the_password(intake: ServiceDatabase) -> None:
    wrong = databases.address(intake.admin_url, Role("intake_app", "guess"), intake.name)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_creating_again_changes_nothing_but_the_password(intake: ServiceDatabase, postgres_url: str) -> None:
    owner, app = servers.roles("intake")
    databases.create(postgres_url, intake.name, owner, app)
    with psycopg.connect(intake.app_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("intake_app",)
