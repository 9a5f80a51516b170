import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.ctx import RequestContext
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.personal import seal_json
from kernel.tables import IdempotencyRecord
from kernel.web.idempotency import Reply, once
from kernel.web.problems import Problem

APP = Flask("t")


def send(database: Database, key: str | None, body: bytes = b"{}", *, client: str = "client:a") -> Reply:
    headers = {} if key is None else {"Idempotency-Key": key}
    with APP.test_request_context("/things", method="POST", data=body, headers=headers):
        return once(database, client, _store)


def _store(session: Session) -> Reply:
    number = session.execute(
        text("INSERT INTO lost_worker (worker_id) VALUES (gen_random_uuid()) RETURNING worker_id")
    ).scalar_one()
    session.execute(text("SELECT pg_sleep(0.05)"))
    return Reply({"id": number}, 201, {"Location": f"/things/{number}"})


def stored(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM lost_worker")).scalar_one())


@pytest.mark.fault("F2", "F45")
@pytest.mark.capability("X5")
def test_a_key_sent_again_gets_the_first_answer(kernel_database: Database) -> None:
    first, again = send(kernel_database, "k"), send(kernel_database, "k")
    assert (again.body, again.status) == (first.body, first.status)
    assert again.headers["Idempotent-Replay"] == "true"
    assert stored(kernel_database) == 1


@pytest.mark.fault("F45")
@pytest.mark.capability("X5")
def test_one_hundred_at_once_store_one(kernel_database: Database) -> None:
    gate = threading.Barrier(12)

    def attempt(_: int) -> int:
        gate.wait()
        for _try in range(60):
            try:
                return send(kernel_database, "same").status
            except Problem as problem:
                assert problem.status == 409
                threading.Event().wait(0.02)
        return 0

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(12)))
    assert answers == [201] * 12
    assert stored(kernel_database) == 1


@pytest.mark.capability("X5")
@pytest.mark.parametrize("key", [None, "", "x" * 256, "a b", "a\x07b", "é"])
def test_a_missing_or_odd_key_is_refused(kernel_database: Database, key: str | None) -> None:
    with pytest.raises((Problem, ValueError)) as refused:
        send(kernel_database, key)
    if isinstance(refused.value, Problem):
        assert refused.value.status == 400
    assert stored(kernel_database) == 0


@pytest.mark.fault("F46")
@pytest.mark.capability("X5")
def test_a_key_reused_for_something_else_is_refused_and_the_first_kept(kernel_database: Database) -> None:
    send(kernel_database, "k", b'{"a":1}')
    with pytest.raises(Problem) as refused:
        send(kernel_database, "k", b'{"a":2}')
    assert refused.value.status == 422
    assert stored(kernel_database) == 1


@pytest.mark.capability("X5")
def test_two_clients_keys_are_their_own(kernel_database: Database) -> None:
    send(kernel_database, "k", client="client:a")
    send(kernel_database, "k", client="client:b")
    assert stored(kernel_database) == 2


@pytest.mark.fault("F1")
def test_a_deed_that_fails_leaves_its_key_free(kernel_database: Database) -> None:
    def failing(_: Session) -> Reply:
        raise RuntimeError

    with (
        APP.test_request_context("/things", method="POST", data=b"{}", headers={"Idempotency-Key": "k"}),
        pytest.raises(RuntimeError),
    ):
        once(kernel_database, "client:a", failing)
    assert send(kernel_database, "k").status == 201


@pytest.mark.fault("F45")
@pytest.mark.capability("X5")
@pytest.mark.parametrize("refuses", [False, True], ids=["stores_again", "is_refused"])
def test_a_first_request_that_ends_while_its_key_is_looked_for_is_replayed(
    kernel_database: Database, refuses: bool
) -> None:
    """The second saw no record, and got the lock: the first commits in between."""

    def overtaken(session: Session) -> Reply:
        answer = seal_json(
            {"body": {"id": "first"}, "headers": {}}, "kernel.idempotency_record.answer_sealed.client:a.k"
        )
        body = hashlib.sha256(b"POST\x00/things\x00{}").digest()
        with kernel_database.transaction() as other:
            other.add(
                IdempotencyRecord(
                    client="client:a", key="k", fingerprint=body, status=201, answer_sealed=answer
                )
            )
        if refuses:
            raise Problem(409, "illegal_move", "The first has done it.")
        return _store(session)

    with APP.test_request_context("/things", method="POST", data=b"{}", headers={"Idempotency-Key": "k"}):
        again = once(kernel_database, "client:a", overtaken)
    assert (again.body, again.status, again.headers["Idempotent-Replay"]) == ({"id": "first"}, 201, "true")
    assert stored(kernel_database) == 0


@pytest.mark.capability("X5")
def test_what_is_asked_ahead_of_a_key_in_use_waits_and_is_told_so(kernel_database: Database) -> None:
    """The second waits behind what the first has locked, and hears that the first is still being handled."""
    hasty = Database(kernel_database.url, name="kernel-test", statement_timeout_ms=300)
    shared = ("SELECT pg_advisory_xact_lock(7)", ())
    inside: list[int] = []

    def deed(*_: object) -> Reply:
        inside.append(1)
        return Reply({}, 201)

    def first(session: Session, _: object) -> Reply:
        with asked_with("k"), pytest.raises(Problem) as refused:
            once(hasty, "client:a", deed, [shared])
        assert (refused.value.status, refused.value.code) == (409, "in_progress")
        return _store(session)

    with asked_with("k"):
        assert once(kernel_database, "client:a", first, [shared]).status == 201
    with asked_with("k"):
        again = once(hasty, "client:a", deed, [shared])
    assert again.headers["Idempotent-Replay"] == "true" and not inside
    hasty.engine.dispose()


def asked_with(key: str) -> RequestContext:
    return APP.test_request_context("/things", method="POST", data=b"{}", headers={"Idempotency-Key": key})
