"""Idempotency-Key: the key, a fingerprint of the request and the first answer, stored with the write itself."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from kernel.clock import started_at
from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.personal import open_json, seal_json
from kernel.rows import add_values, cursor, write_rows
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


# The lock is taken before the record is looked for: what a first request committed meanwhile is then seen.
LOCK = "SELECT now() AS now, pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free"
EARLIER = "SELECT fingerprint, status, answer_sealed FROM idempotency_record WHERE client = $1 AND key = $2"


def once(database: Database, client: str, deed: Callable[[Session], Reply]) -> Reply:
    """Run `deed` in a transaction at most once for this client's Idempotency-Key, and replay its answer after.

    400 without a key (1-255 visible ASCII characters), 409 while the first request is still running, 422 when
    the key was used for another method, path or body. A deed that raises stores nothing, so its key is free.
    """
    key = _required_key()
    fingerprint = _fingerprint()
    with database.transaction() as session:
        look = cursor(session)
        (asked,) = look.execute(LOCK, [f"{client}\x1f{key}"]).fetchall()
        started_at(session, asked.now)
        if not asked.free:
            raise Problem(
                409,
                "in_progress",
                "The first request with this key is still being handled.",
                headers={"Retry-After": "1"},
            )
        place = f"kernel.idempotency_record.answer_sealed.{client}.{key}"
        earlier = look.execute(EARLIER, [client, key]).fetchone()
        if earlier is not None:
            if earlier.fingerprint != fingerprint:
                raise Problem(422, "key_reused", "This Idempotency-Key was used for a different request.")
            stored = open_json(earlier.answer_sealed, place)
            return Reply(stored["body"], earlier.status, {**stored["headers"], "Idempotent-Replay": "true"})
        reply = deed(session)
        kept = {
            "client": client,
            "key": key,
            "fingerprint": fingerprint,
            "status": reply.status,
            "answer_sealed": seal_json({"body": reply.body, "headers": reply.headers}, place),
        }
        add_values(session, IdempotencyRecord.__tablename__, kept)
        session.flush()
        write_rows(session)
        failpoint("before_commit")
    failpoint("after_commit")
    return reply


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
