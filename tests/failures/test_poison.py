"""What ends every process that takes it in hand is given up after three, and costs those beside it little (FAULT-10)."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database
from kernel.deliver import SUSPECT, TABLE, free_deliveries
from kernel.events import Event
from kernel.keyring import Keyring, use_keyring
from kernel.outbox import emit
from kernel.tasks import Doorbell, make_celery
from kernel.tokens import Tokens
from kernel.work import ring_due
from local.child import ProcessSpec
from local.keys import new_data_keys, new_signing_key, public_key
from local.places import ROOT, Places
from local.processes import worker_command
from local.supervisor import STACK_MARK, Supervisor
from tests.conftest import DatabaseFactory
from tests.kernel.test_deliver import listening

SIBLINGS = 7


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    places = Places(tmp_path / "var")
    places.make()
    made = Supervisor(places, lambda _line: None)
    yield made
    made.stop_all()


def killed_children(log: Path) -> int:
    """How many of its pool the worker has buried: a child may live and die between two looks at the processes."""
    return log.read_text(errors="replace").count("exited with 'signal 9 (SIGKILL)'")


@pytest.mark.fault("F10")
def test_a_delivery_that_ends_its_worker_every_time_is_dead_after_three(
    supervisor: Supervisor, database: DatabaseFactory, redis_url: str
) -> None:
    """A real worker, whose child dies by SIGKILL (as of the kernel's memory killer) at one kind of event."""
    intake = database("intake")
    signing = {name: new_signing_key() for name in ("intake", "referral")}
    keys = json.dumps({"keys": [public_key(name, pem) for name, pem in signing.items()]})
    data_keys = new_data_keys()
    use_keyring(Keyring.from_json(data_keys))
    store = Database(intake.app_url, name="poison-test")
    heard: list[UUID] = []

    def react(_: Session, event: Event) -> None:
        heard.append(event.id)

    def owe(kind: str) -> UUID:
        data = ContactOpted(patient_ids=[uuid4()], channel="sms", at=datetime(2027, 3, 2, tzinfo=UTC))
        with store.transaction() as session:
            event_id = emit(session, kind, "1", data)
            session.execute(text("DELETE FROM event_delivery WHERE listener <> 'referral'"))
        return event_id

    sound = [owe("contact_opted_in") for _ in range(SIBLINGS)]
    poison = owe("contact_opted_out")
    doorbell = Doorbell(make_celery("intake", redis_url), "intake")

    def states() -> dict[UUID, tuple[str, str]]:
        with store.transaction() as session:
            rows = session.execute(text("SELECT event_id, state, last_error FROM event_delivery"))
            return {row.event_id: (row.state, row.last_error) for row in rows}

    listener = Tokens("referral", signing["referral"], keys)
    reactions = {"contact_opted_in": react, "contact_opted_out": react}
    with listening(listener, Database(database("referral").app_url, name="hears"), reactions) as address:
        environment = {
            "PATH": os.environ["PATH"],
            STACK_MARK: str(supervisor.places.var),
            "ENV": "test",
            "INTAKE_DATABASE_URL": intake.app_url,
            "REDIS_URL": redis_url,
            "DATA_KEYS": data_keys,
            "SIGNING_KEY": signing["intake"],
            "SERVICE_KEYS": keys,
            "SERVICE_URLS": json.dumps({"referral": address}),
            "PUBLIC_URL": "http://127.0.0.1:1",
            "FORM_SECRET_KEY": "for this test alone, thirty-two letters",
            "FAILPOINTS": "before_delivery@contact_opted_out=kill:1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        spec = ProcessSpec(
            "intake-worker", worker_command("intake"), environment, folder=ROOT, service="intake", leases=True
        )
        supervisor.start([spec])
        log = supervisor.places.logs / "intake-worker.log"
        deaths = [0]

        def given_up() -> bool:
            """One turn of a relay. A child's death makes its leases run out here, instead of after 40 seconds."""
            deaths.append(killed_children(log))
            with store.transaction() as session:
                if deaths[-1] > deaths[-2]:
                    over = "UPDATE event_delivery SET lease_until = now() - interval '1 second' WHERE state = 'leased'"
                    session.execute(text(over))
                free_deliveries(session, None)
                due = ring_due(session, TABLE, which=f"NOT ({SUSPECT})")
                apart = ring_due(session, TABLE, which=SUSPECT)
            doorbell.ring("intake.deliver_event", [*due[::8], *apart])
            found = states()
            return found[poison][0] == "dead" and all(found[event][0] == "done" for event in sound)

        assert supervisor.run_until(given_up, 120), states()
    assert states()[poison] == ("dead", "worker_lost 3")
    assert killed_children(log) == 3, "it takes no fourth process with it"
    with store.transaction() as session:
        told = "SELECT count(*) FROM outbox_event WHERE type = 'staff_alerted'"
        assert session.execute(text(told)).scalar_one() == 1
    assert sorted(heard) == sorted(sound), "each once, and the one that kills never arrived"
