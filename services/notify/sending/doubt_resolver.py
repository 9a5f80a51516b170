"""Settles sends whose end nobody saw: asks the provider's list, and believes only an answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kernel.clock import now
from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.personal import Personal, open_json
from kernel.work import Claim, claim
from services.notify.actions.deny_send import deny_send
from services.notify.actions.heed_carrier_stop import heed_carrier_stop
from services.notify.actions.look_again_later import look_again_later
from services.notify.actions.take_receipt import Report, take_receipt
from services.notify.queries.provider_matches import find_ours
from services.notify.rules.receipts import MEANINGS, OPTED_OUT_CODES
from services.notify.sending.provider import Found, LookupFailed, NoList, Provider

TABLE = "send_lookup"
ROWS_PER_RING = 8
# Asked alone from then on, so that its third time costs those beside it nothing (FAULT-10).
SUSPECT = "losses >= 2"
NO_LIST_WAIT = timedelta(hours=1)
# Machine clocks of provider and database may differ by this much.
CLOCK_SLACK = timedelta(seconds=60)
FACTS = """
SELECT l.id, l.message_id, l.send_attempt_id, a.provider, a.body_sha256, a.started_at, c.id AS point,
    c.address_sealed, m.step
FROM send_lookup l JOIN send_attempt a ON a.id = l.send_attempt_id JOIN planned_message m ON m.id = l.message_id
JOIN contact_point c ON c.id = m.contact_point_id WHERE l.id = :id
"""


@dataclass(frozen=True)
class DoubtResolver:
    """Resolves unknown sends of this service. `providers` by name."""

    database: Database
    providers: Mapping[str, Provider]
    worker_id: str

    def resolve(self, lookup_id: UUID) -> None:
        """Claim this look-up and a few due beside it, and ask the provider about each."""
        with self.database.transaction() as session:
            claims = claim(session, TABLE, lookup_id, self.worker_id, limit=ROWS_PER_RING, alone=SUSPECT)
        # Not with the claim: were reading it to end this process, nobody would know who had it in hand.
        with self.database.transaction() as session:
            facts = [session.execute(text(FACTS), {"id": claimed.id}).first() for claimed in claims]
        for claimed, row in zip(claims, facts, strict=True):
            if row is not None:
                self._resolve_one(claimed, row)

    def _resolve_one(self, claimed: Claim, row: Any) -> None:
        failpoint("before_lookup_of", row.step)
        found: list[Found] | None
        wait = None
        try:
            place = f"notify.contact_point.address_sealed.{row.point}"
            address: Personal[str] = Personal(open_json(row.address_sealed, place))
            found = self.providers[row.provider].find(address, row.started_at - CLOCK_SLACK)
        except UnreadableField:
            # Nobody can be asked about a number that cannot be read; a person is told after a quarter of an hour.
            log().error("address_unreadable", contact_point=str(row.point))
            found = None
        except NoList:
            # Receipts and staff settle it. 372 letters in doubt rang the worker six times a second (chaos, seed 11).
            found, wait = None, NO_LIST_WAIT
        except (LookupFailed, KeyError):
            found = None
        failpoint("after_lookup")
        since = row.started_at - CLOCK_SLACK
        if code := _stop_code(found or (), since):
            with self.database.transaction() as session:
                heed_carrier_stop(session, row.point, code)
        with self.database.transaction() as session:
            if found is None:
                look_again_later(session, claimed, wait)
                return
            ours = find_ours(session, found, row.body_sha256, since)
            if ours is None:
                deny_send(session, claimed, now(session))
            else:
                take_receipt(
                    session, Report(ours.provider_message_id, ours.status, ours.code, row.send_attempt_id)
                )
                look_again_later(session, claimed)


def _stop_code(found: Iterable[Found], since: datetime) -> str:
    """The code by which the carrier says of a text to this number, since the send, that it was told STOP; else ""."""
    stops = (
        item.code
        for item in found
        if item.code in OPTED_OUT_CODES
        and MEANINGS.get(item.status) == "failed"
        and (item.at is None or item.at >= since)
    )
    return next(stops, "")
