"""A database restored from a copy sends nothing until a person lets it, and then nothing a second time (FAULT-58)."""

import shutil
import subprocess
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from kernel import migrate
from kernel.audit import seal
from kernel.clock import now
from kernel.database import Database
from kernel.personal import open_json
from local import databases, postgres
from local.databases import Role
from services.notify.actions.check_restored_trail import check_restored_trail
from services.notify.actions.may_send import may_send, note_alive
from services.notify.actions.resume_sending import NOTE_PLACE
from services.notify.queries.message_health import message_health
from tests.local.standins import until
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

API = "/api/notify/v1"
# Numbers of their own: the carrier outlives a test, and would find the same words of an earlier one.
BEFORE, AFTER = "+18165550181", "+18165550182"


def decide(notify: Standing, deed: str, role: str, body: Any = None) -> Any:
    key = {"Idempotency-Key": f"{deed}-{role}"}
    return notify.call("POST", f"{API}/sending/{deed}", role=role, body=body or {}, **key)


def paused(notify: Standing) -> dict[str, Any]:
    found: dict[str, Any] = notify.call("GET", f"{API}/health-summary", role="manager").json()["paused"]
    return found


def forget(notify: Standing, visit: object) -> None:
    """What an older copy knows of messages sent after it was made: they are still due."""
    for sql in (
        "DELETE FROM receipt",
        "DELETE FROM send_lookup",
        "DELETE FROM send_attempt a USING planned_message m WHERE m.id = a.message_id AND m.appointment_id = :visit",
        "UPDATE planned_message SET state = 'due', reason = exempt, attempt_id = NULL, attempts = 0, sent_at = NULL,"
        " delivered_at = NULL, rung_at = NULL, text_sealed = NULL, values_sealed = NULL"
        " WHERE appointment_id = :visit AND step = 'booked'",
    ):
        with notify.store.transaction() as session:
            session.execute(text(sql), {"visit": visit} if ":visit" in sql else {})


@pytest.mark.fault("F58")
@pytest.mark.capability("N21")
def test_after_a_restore_nothing_leaves_until_a_manager_says_so_and_no_text_twice(notify: Standing) -> None:
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    notify.jobs()
    known = book(notify, submit(notify, phone=BEFORE), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert (len(notify.texts_to(BEFORE)), len(notify.mails_to("rosa@example.test"))) == (1, 1)
    forget(notify, known)
    new = book(notify, submit(notify, phone=AFTER, email=""), TUESDAY_TEN + timedelta(days=9))
    with notify.store.transaction() as session:
        session.execute(text("UPDATE sending_gate SET home = 'the-original.1.5'"))
    notify.send_due(rounds=3)
    assert notify.texts_to(AFTER) == []
    assert notify.states(appointment_id=new)["booked", "sms"][0] == "due"
    log = notify.call("GET", f"{API}/messages?appointment_id={new}", role="front_desk").json()["items"]
    assert [one["reason"] for one in log if one["step"] == "booked" and one["channel"] == "sms"] == [
        "sending_paused"
    ]
    state = paused(notify)
    assert (state["now"], state["reason"], state["by"]) == (True, "restored", "notify")
    items = notify.call("GET", f"{API}/call-list", role="front_desk").json()["items"]
    assert [item["kind"] for item in items] == ["sending_paused"]

    note = {"note": "Compared with the carrier's list of today."}
    assert decide(notify, "resume", "nurse", note).status_code == 403
    assert decide(notify, "resume", "admin", {"note": "ok"}).status_code == 422
    assert paused(notify)["now"]
    assert decide(notify, "resume", "manager", note).status_code == 200
    assert (paused(notify)["now"], paused(notify)["resumed_by"]) == (False, "staff-1")
    notify.send_due()
    # Nothing has left: of each it is asked first whether it has gone out before.
    assert notify.states(appointment_id=known)["booked", "sms"] == ("unknown", "restored")
    assert notify.texts_to(AFTER) == []
    notify.work[1].run(notify.messages(step="booked")[0].id)
    assert notify.states(appointment_id=known)["booked", "sms"][0] in ("sent", "delivered")
    assert notify.states(appointment_id=new)["booked", "sms"] == ("due", "provider_denied")
    notify.send_due()
    assert (len(notify.texts_to(BEFORE)), len(notify.texts_to(AFTER))) == (1, 1)
    # Nobody keeps a list of letters: a person decides, and it is not sent again on a guess.
    assert notify.states(appointment_id=known)["booked", "email"] == ("unknown", "restored")
    assert len(notify.mails_to("rosa@example.test")) == 1
    entries = notify.rows("SELECT actor_id, reason, details FROM audit_entry WHERE action LIKE '%_sending'")
    assert [(row.actor_id, row.reason) for row in entries] == [
        ("notify", "restored"),
        ("staff-1", "restored"),
    ]
    assert entries[1].details == {"asked_first": 3}
    (kept,) = notify.rows("SELECT note_sealed FROM sending_gate")
    assert open_json(kept.note_sealed, NOTE_PLACE) == note["note"]
    assert b"carrier" not in kept.note_sealed


def test_a_manager_pauses_sending_and_what_came_due_goes_out_once_it_goes_on(notify: Standing) -> None:
    assert decide(notify, "pause", "front_desk").status_code == 403
    assert decide(notify, "pause", "manager").status_code == 200
    assert decide(notify, "pause", "admin").status_code == 409
    visit = book(notify, submit(notify, phone=BEFORE, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due(rounds=2)
    assert notify.texts_to(BEFORE) == []
    assert (paused(notify)["reason"], paused(notify)["by"]) == ("by_staff", "staff-1")
    assert decide(notify, "resume", "manager", {"note": "The wording is mended."}).status_code == 200
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"][0] in ("sent", "delivered")
    assert len(notify.texts_to(BEFORE)) == 1


def test_a_copy_that_was_paused_before_it_noticed_asks_before_it_sends_too(notify: Standing) -> None:
    notify.jobs()
    with notify.store.transaction() as session:
        session.execute(text("UPDATE sending_gate SET home = 'the-original.1.5'"))
    assert decide(notify, "pause", "manager", {}).status_code == 200
    visit = book(notify, submit(notify, phone=AFTER, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert decide(notify, "resume", "manager", {"note": "The copy is ours now."}).status_code == 200
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("unknown", "restored")
    assert notify.texts_to(AFTER) == []


@pytest.mark.fault("F58")
def test_a_base_backup_brought_forward_by_its_wal_knows_that_it_is_not_the_original(tmp_path: Path) -> None:
    """Real servers: what was committed after the backup is there, and sending is paused."""
    owner, app = Role("notify_owner", "one"), Role("notify_app", "two")
    with ExitStack() as stack:
        home = tmp_path / "pg"
        home.mkdir()
        original = postgres.start(home / "original", fsync=False)
        stack.callback(original.stop)
        databases.create(original.url, "notify", owner, app)
        migrate.upgrade("notify", databases.address(original.url, owner, "notify"))
        first = Database(databases.address(original.url, app, "notify"), name="original")
        stack.callback(first.engine.dispose)
        with first.transaction() as session:
            assert note_alive(session) == 1
        copy, user = home / "copy", postgres.run_as()
        copy.mkdir(mode=0o700)
        if user:
            shutil.chown(copy, user, user)
        base = [
            str(postgres.binaries() / "pg_basebackup"),
            f"--pgdata={copy}",
            "--checkpoint=fast",
            "--no-sync",
        ]
        subprocess.run(
            [*base, f"--dbname={original.url}"],
            check=True,
            cwd="/",
            env=postgres.environment(),
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
        with first.transaction() as session:
            session.execute(text("UPDATE sending_gate SET resumed_by = 'after the backup'"))
        first.engine.dispose()
        original.stop()
        with (copy / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {home}/original/pg_wal/%f %p'\n")
        (copy / "recovery.signal").touch()
        restored = postgres.start(
            copy, password_file=postgres.default_password_file(home / "original"), fsync=False
        )
        stack.callback(restored.stop)
        with psycopg.connect(databases.admin_address(restored.url, "notify"), autocommit=True) as connection:
            brought_forward = "SELECT NOT pg_is_in_recovery()"
            until(lambda: connection.execute(brought_forward).fetchone() == (True,))
        second = Database(databases.address(restored.url, app, "notify"), name="restored")
        stack.callback(second.engine.dispose)
        with second.transaction() as session:
            assert not may_send(session)
        with second.transaction() as session:
            row = session.execute(text("SELECT reason, resumed_by, gap_since FROM sending_gate")).one()
            assert (row.reason, row.resumed_by) == ("restored", "after the backup")
            assert row.gap_since is not None
            assert note_alive(session) == 0
            assert seal(session) == 2, "the pause and its item"
        # What the copy's trail is worth is said beside the pause.
        with second.transaction() as session:
            assert (check_restored_trail(session), check_restored_trail(session)) == (1, 0)
            assert message_health(session, now(session), now(session))["paused"]["audit_broken_at"] is None
        with psycopg.connect(databases.admin_address(restored.url, "notify"), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE audit_entry SET actor_id = 'nobody'")
            connection.execute("UPDATE sending_gate SET audit_checked_at = NULL")
        with second.transaction() as session:
            assert check_restored_trail(session) == 1
            found = message_health(session, now(session), now(session))["paused"]
            assert (found["audit_checked"], found["audit_broken_at"]) == (True, 1)
