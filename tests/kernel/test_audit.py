import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.audit import first_broken_seal, record, seal
from kernel.context import Actor
from kernel.database import Database
from tests.conftest import DatabaseFactory

NURSE = Actor("staff", "7", role="nurse")


def write_entries(database: Database, count: int) -> None:
    with database.transaction() as session:
        for number in range(count):
            record(
                session, NURSE, "accept_referral", "referral", number, reason="agrees", details={"n": number}
            )
    with database.transaction() as session:
        assert seal(session) == count


def test_nothing_is_done_by_nobody() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Actor("staff", "")


@pytest.mark.fault("F65")
def test_entries_roll_back_with_the_deed(kernel_database: Database) -> None:
    with pytest.raises(RuntimeError), kernel_database.transaction() as session:
        record(session, NURSE, "accept_referral", "referral", 1)
        raise RuntimeError
    with kernel_database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM audit_entry")).scalar_one() == 0


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("deed", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_trail_is_only_ever_added_to(
    kernel_database: Database, database: DatabaseFactory, table: str, deed: str
) -> None:
    write_entries(kernel_database, 1)
    owner = Database(database("referral").owner_url, name="owner")
    column = "action" if table == "audit_entry" else "hash"
    with pytest.raises(DBAPIError, match="only ever added"), owner.transaction() as session:
        session.execute(text(deed.format(table, column)))
    owner.engine.dispose()


def test_a_sound_chain_verifies_over_several_seals(kernel_database: Database) -> None:
    write_entries(kernel_database, 3)
    write_entries(kernel_database, 2)
    with kernel_database.transaction() as session:
        assert first_broken_seal(session) is None
        assert session.execute(text("SELECT max(seq) FROM audit_seal")).scalar_one() == 5


TAMPERINGS = {
    "edited": ("UPDATE audit_entry SET reason = 'other' WHERE details->>'n' = '1'", 2),
    "backdated": ("UPDATE audit_entry SET at = at - interval '1 day' WHERE details->>'n' = '2'", 3),
    "entry deleted": ("DELETE FROM audit_entry WHERE details->>'n' = '0'", 1),
    "seal deleted": ("DELETE FROM audit_seal WHERE seq = 2", 2),
    "reordered": ("UPDATE audit_seal SET seq = CASE seq WHEN 1 THEN -2 ELSE 1 END WHERE seq IN (1, 2)", 1),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_a_superuser_who_rewrites_history_is_found(
    kernel_database: Database, database: DatabaseFactory, kind: str
) -> None:
    write_entries(kernel_database, 4)
    statement, first_bad = TAMPERINGS[kind]
    superuser = Database(database("referral").admin_url, name="superuser")
    with superuser.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(statement))
    superuser.engine.dispose()
    with kernel_database.transaction() as session:
        assert first_broken_seal(session) == first_bad
