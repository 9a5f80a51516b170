"""The command that walks an audit trail says what it found, and what it could not look at."""

import pytest
from sqlalchemy import text

from kernel.audit import record, seal
from kernel.context import Actor
from kernel.database import Database
from local.verify_audit import verify_trail
from tests.conftest import DatabaseFactory

NURSE = Actor("staff", "7", role="nurse")


def test_a_sound_trail_is_counted_and_a_changed_one_is_named(
    database: DatabaseFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    referral = database("referral")
    app = Database(referral.app_url, name="writer")
    with app.transaction() as session:
        for number in range(3):
            record(session, NURSE, "accept_referral", "referral", number)
    with app.transaction() as session:
        seal(session)
    with app.transaction() as session:
        record(session, NURSE, "accept_referral", "referral", 3)
    app.engine.dispose()

    assert verify_trail("referral", referral.app_url)
    assert capsys.readouterr().out == "referral: 3 entries follow from one another; 1 wait to be sealed.\n"

    superuser = Database(referral.admin_url, name="superuser")
    with superuser.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_entry SET action = 'decline_referral' WHERE subject_id = '1'"))
    superuser.engine.dispose()

    assert not verify_trail("referral", referral.app_url)
    assert "broken at entry 2" in capsys.readouterr().out


def test_a_database_that_cannot_be_reached_is_not_called_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert not verify_trail("referral", "postgresql://nobody@127.0.0.1:1/waymark_referral")
    assert "was not checked" in capsys.readouterr().err
