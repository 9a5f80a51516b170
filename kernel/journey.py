"""Statements that need not wait for one another's answers go to PostgreSQL in one journey (libpq's pipeline).

Each statement is run by itself and in order, and sees what was committed before it began, as if it had been sent
alone; after the first that fails none is run, a COMMIT least of all. psycopg's own pipeline keeps more books than it
saves time (docs/decisions/0260-deeds-in-few-journeys.md), so this speaks to its libpq wrapper; values are written and
read by psycopg's adapters.
"""

import select
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

# A statement is prepared on a connection when it comes the third time; beyond so many the one used longest ago is given
# up, with the next transaction.
PREPARED_FROM = 3
MOST_PREPARED = 100
# "Cached plan must not change result type": a migration has changed what was prepared. The connection is given up, and
# what is prepared on the next one is as the tables are now.
STALE = (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName)
#: A statement with `$1` parameters, and their values.
Question = tuple[str, Sequence[Any]]
_Shape = tuple[bytes, tuple[int, ...]]
_Made = tuple[_Shape, bytes]


class Answer:
    """What one statement brought: its rows as named tuples, or how many rows it changed (`rowcount`)."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


class _Load:
    """What goes in one journey, and in the same order what comes back: whose answer, what was prepared, or None."""

    __slots__ = ("expected", "made", "sends")

    def __init__(self) -> None:
        self.sends: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.expected: list[int | _Made | None] = []
        # Prepared in this journey: known to the connection once that has gone well.
        self.made: dict[_Shape, bytes] = {}

    def add(self, whose: int | _Made | None, send: Callable[..., None], *values: Any) -> None:
        self.expected.append(whose)
        self.sends.append((send, values))


class Traveller:
    """Asks on one connection; kept as long as the connection, of whose prepared statements it knows."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        keep_prepared(connection)
        self._connection = connection
        self._adapt = Transformer.from_context(connection)
        self._seen: dict[_Shape, int] = {}
        # The one used longest ago first.
        self._prepared: dict[_Shape, bytes] = {}
        self._given_up: list[bytes] = []
        self._number = 0

    @property
    def broken(self) -> bool:
        """Whether the connection was closed under it, or by it."""
        return self._connection.closed

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Answer:
        """Ask one statement in the connection's transaction, which it begins when there is none."""
        return self.ask([(statement, values)])[0]

    def ask(self, questions: Sequence[Question], *, commit: bool = False) -> list[Answer]:
        """Ask all in one journey and return the answers in order; with `commit` the transaction ends with them.

        Raises what psycopg raises for the first statement that fails; then nothing is committed.
        """
        pg = self._connection.pgconn
        load = _Load()
        if pg.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit:
            load.add(None, pg.send_query_params, b"BEGIN", None)
        gives_up = pg.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS)
        for name in self._given_up if gives_up else ():
            load.add(None, pg.send_query_params, b"DEALLOCATE %s" % name, None)
        for place, question in enumerate(questions):
            self._add(pg, place, question, load)
        if commit:
            load.add(None, pg.send_query_params, b"COMMIT", None)
        try:
            results = _travel(pg, load.sends)
        except BaseException:
            self._connection.close()  # nobody can tell what of it is still to come
            raise
        if gives_up:
            self._given_up.clear()
        return self._answers(results, load.expected, len(questions), commit)

    def _add(self, pg: PGconn, place: int, question: Question, load: "_Load") -> None:
        statement, values = question
        query = statement.encode()
        given = self._adapt.dump_sequence(values, [PyFormat.AUTO] * len(values)) if values else None
        types: tuple[int, ...] = (self._adapt.types or ()) if values else ()
        formats = self._adapt.formats if values else None
        shape = (query, types)
        name = load.made.get(shape) or self._prepared.pop(shape, None)
        if name is not None and shape not in load.made:
            self._prepared[shape] = name
        if name is None:
            times = self._seen[shape] = self._seen.get(shape, 0) + 1
            if times < PREPARED_FROM:
                if len(self._seen) > 10 * MOST_PREPARED:
                    self._seen.clear()
                load.add(place, pg.send_query_params, query, given, types, formats)
                return
            self._number += 1
            name = b"journey_%d" % self._number
            load.add((shape, name), pg.send_prepare, name, query, types)
            load.made[shape] = name
        load.add(place, pg.send_query_prepared, name, given, formats)

    def _answers(self, results: list[PGresult], expected: list[Any], many: int, commit: bool) -> list[Answer]:
        answers: list[Any] = [None] * many
        failed: PGresult | None = None
        for whose, result in zip(expected, results, strict=True):
            status = result.status
            if status in (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED):
                failed = failed or result
            elif isinstance(whose, tuple):
                self._prepared[whose[0]] = whose[1]
            elif isinstance(whose, int):
                answers[whose] = self._answer(result)
        if failed is not None:
            error = error_from_result(failed, encoding=self._connection.info.encoding)
            if isinstance(error, STALE):
                self._connection.close()
            raise error
        if commit and results[-1].command_status != b"COMMIT":
            raise psycopg.OperationalError("the transaction was not committed")
        while len(self._prepared) > MOST_PREPARED:
            self._given_up.append(self._prepared.pop(next(iter(self._prepared))))
        return answers

    def _answer(self, result: PGresult) -> Answer:
        if result.status != ExecStatus.TUPLES_OK:
            return Answer([], result.command_tuples or 0)
        names = tuple([result.fname(place) or b"" for place in range(result.nfields)])
        self._adapt.set_pgresult(result)
        rows = self._adapt.load_rows(0, result.ntuples, _row_of(names)._make)
        return Answer(rows, result.ntuples)


def keep_prepared(connection: "psycopg.Connection[Any]") -> None:
    """Have psycopg keep what is prepared on `connection` when a transaction is rolled back.

    It says DEALLOCATE ALL then, lest a table made in that transaction be made again; services make none. Each refusal
    would have every statement parsed and planned anew, and take away what a `Traveller` has prepared.
    """
    connection._prepared.clear = lambda: False  # type: ignore[method-assign]


@lru_cache(maxsize=512)
def _row_of(names: tuple[bytes, ...]) -> Any:
    return namedtuple("Row", [name.decode() for name in names], rename=True)


def _travel(pg: PGconn, sends: list[tuple[Callable[..., None], tuple[Any, ...]]]) -> list[PGresult]:
    """Send all, wait once, and return one result for each."""
    together = len(sends) > 1
    if together:
        pg.enter_pipeline_mode()
    for send, values in sends:
        send(*values)
    if together:
        pg.pipeline_sync()
    waiting = select.poll()
    waiting.register(pg.socket, select.POLLIN | select.POLLOUT)
    while pg.flush():
        waiting.poll()
        pg.consume_input()
    waiting.modify(pg.socket, select.POLLIN)
    results: list[PGresult] = []
    while True:
        while pg.is_busy():
            waiting.poll()
            pg.consume_input()
        result = pg.get_result()
        if result is None:
            if not together:
                return results
        elif result.status == ExecStatus.PIPELINE_SYNC:
            pg.exit_pipeline_mode()
            return results
        else:
            results.append(result)
