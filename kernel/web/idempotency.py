"""Idempotency-Key: the key, a fingerprint of the request and the first answer, stored with the write itself."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import request
from sqlalchemy.exc import IntegrityError

from kernel.clock import started_at
from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.journey import Question
from kernel.personal import open_json, seal_json
from kernel.rows import add_values, cursor
from kernel.tables import IdempotencyRecord
from kernel.web.problems import Problem

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Reply:
    """An API answer that can be stored and replayed: JSON body, status, headers."""

    body: dict[str, Any]
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)

    def as_flask(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        return self.body, self.status, self.headers


# One journey for the time, the lock and the record. The statement sees what was committed before it began, so a first
# request that ends between that and the lock is missed: `once` looks again before it refuses anybody for it.
LOCK = """
SELECT now() AS now, pg_try_advisory_xact_lock(hashtextextended($1 || E'\\x1f' || $2, 0)) AS free,
    fingerprint, status, answer_sealed
FROM (VALUES (1)) AS one LEFT JOIN idempotency_record ON client = $1 AND key = $2
"""
EARLIER = "SELECT fingerprint, status, answer_sealed FROM idempotency_record WHERE client = $1 AND key = $2"


def once(
    database: Database, client: str, deed: Callable[..., Reply], ahead: Sequence[Question] = ()
) -> Reply:
    """Run `deed` in a transaction at most once for this client's Idempotency-Key, and replay its answer after.

    `ahead`: what the deed asks first, whatever the key says. It goes in the key's journey, behind the key's lock, and
    `deed` is given the answers after the session.

    400 without a key (1-255 visible ASCII characters), 409 while the first request is still running, 422 when
    the key was used for another method, path or body. A deed that raises stores nothing, so its key is free.
    """
    asked = _Asked(client, _required_key(), _fingerprint())
    try:
        return _answer(database, asked, deed, ahead)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
        # What it asks ahead may have waited behind the first request of its key.
        with database.transaction() as session:
            earlier = _standing(asked, cursor(session).execute(LOCK, [asked.client, asked.key]).fetchone())
        if earlier is None:
            raise
        return earlier
    except (Problem, IntegrityError, psycopg.IntegrityError):
        # Perhaps what the first request had just committed stood in the way: its record, or what it did.
        with database.transaction() as session:
            earlier = cursor(session).execute(EARLIER, [asked.client, asked.key]).fetchone()
        if earlier is None:
            raise
        return asked.replay(earlier)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request by its caller, key and fingerprint."""

    client: str
    key: str
    fingerprint: bytes

    @property
    def place(self) -> str:
        return f"kernel.idempotency_record.answer_sealed.{self.client}.{self.key}"

    def replay(self, record: Any) -> Reply:
        """Return the answer in the record; raises the 422 when it is of another request."""
        if record.fingerprint != self.fingerprint:
            raise Problem(422, "key_reused", "This Idempotency-Key was used for a different request.")
        stored = open_json(record.answer_sealed, self.place)
        return Reply(stored["body"], record.status, {**stored["headers"], "Idempotent-Replay": "true"})


def _answer(
    database: Database, asked: _Asked, deed: Callable[..., Reply], ahead: Sequence[Question]
) -> Reply:
    with database.transaction() as session:
        own, *answers = cursor(session).ask([(LOCK, [asked.client, asked.key]), *ahead])
        (found,) = own
        started_at(session, found.now)
        earlier = _standing(asked, found)
        if earlier is not None:
            return earlier
        reply = deed(session, *answers)
        kept = {
            "client": asked.client,
            "key": asked.key,
            "fingerprint": asked.fingerprint,
            "status": reply.status,
            "answer_sealed": seal_json({"body": reply.body, "headers": reply.headers}, asked.place),
        }
        add_values(session, IdempotencyRecord.__tablename__, kept)
        failpoint("before_commit")
    failpoint("after_commit")
    return reply


def _standing(asked: _Asked, found: Any) -> Reply | None:
    """Return the stored answer, None when the key is free; raises the 409 while the first request is being handled."""
    if found.status is not None:
        return asked.replay(found)
    if not found.free:
        raise Problem(
            409,
            "in_progress",
            "The first request with this key is still being handled.",
            headers={"Retry-After": "1"},
        )
    return None


def _required_key() -> str:
    keys = request.headers.getlist("Idempotency-Key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise Problem(
            400, "idempotency_key", "Send one Idempotency-Key header of 1 to 255 visible characters."
        )
    return keys[0]


def _fingerprint() -> bytes:
    content = b"\x00".join((request.method.encode(), request.path.encode(), request.get_data(cache=True)))
    return hashlib.sha256(content).digest()
