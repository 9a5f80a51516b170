"""Counts refused webhooks for the alarm without letting a flood of them become a flood of transactions."""

import threading
import time

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from kernel.context import request_scope
from kernel.database import Database
from kernel.logs import log
from services.notify.actions.count_refusals import count_refusals
from services.notify.rules.receipts import FORGED_ALARM_A_MINUTE

# Written one by one while they may decide the alarm; after that once a second.
WRITTEN_AT_ONCE = 2 * FORGED_ALARM_A_MINUTE


class RefusalMeter:
    """The refused calls of one process. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._minute = 0.0
        self._this_minute = 0
        self._unwritten = 0
        self._written_at = 0.0

    def count(self) -> None:
        """Note one refused call. A database that is away must not change the caller's 403."""
        refused = self._to_write(time.monotonic())
        if not refused:
            return
        try:
            with request_scope(), self._database.transaction() as session:
                count_refusals(session, refused)
        except (SQLAlchemyError, psycopg.Error) as error:
            log().error("refusals_not_counted", error=type(error).__name__, refused=refused)

    def _to_write(self, moment: float) -> int:
        with self._lock:
            if moment - self._minute >= 60:
                self._minute, self._this_minute = moment, 0
            self._this_minute += 1
            self._unwritten += 1
            if self._this_minute > WRITTEN_AT_ONCE and moment - self._written_at < 1:
                return 0
            refused, self._unwritten, self._written_at = self._unwritten, 0, moment
            return refused
