"""New rows and last changes are gathered, and written by one statement before anything else is asked or committed.

Audit entries, events and idempotency records are complete when they are made. One `WITH … INSERT` for all of them
costs one round trip and no unit of work (docs/decisions/0085-rows-written-together.md).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, LargeBinary, Text, event, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session

from kernel.arrays import bytes_array, texts_array
from kernel.journey import Question, Traveller

MOST_OF_ONE_TABLE = 100
_WAITING = "rows_waiting"
_CHANGED = "rows_changed"
_CHANNELS = "channels_to_notify"
_BEFORE = "asked_before_rows"
_CURSOR = "own_cursor"
M = TypeVar("M", bound=DeclarativeBase)
Insert = tuple[str, tuple[str, ...], Sequence[Any]]
#: Table, changed columns, key columns, and the values of both.
Change = tuple[str, tuple[str, ...], tuple[str, ...], Sequence[Any]]


def cursor(session: Session) -> Traveller:
    """Return what asks psycopg without SQLAlchemy (`$1` parameters, rows as named tuples) in the session's transaction.

    For what every request asks. It sees all that the session has done so far; errors are psycopg's own.
    """
    session.flush()
    write_rows(session)
    return bare_cursor(session)


def bare_cursor(session: Session) -> Traveller:
    """As `cursor`, but what the session holds is not written first: for a question that does not depend on it."""
    held: Traveller | None = session.info.get(_CURSOR)
    if held is None:
        pooled = session.connection().connection
        held = pooled.info.get(_CURSOR)
        if held is None:
            driver: Any = pooled.driver_connection
            held = pooled.info[_CURSOR] = Traveller(driver)
        session.info[_CURSOR] = held
    return held


def add_values(session: Session, table: str, values: Mapping[str, Any]) -> None:
    """Have one row of `table` written with this transaction. `values` are as psycopg takes them, by column."""
    _waiting(session).append((table, tuple(values), tuple(values.values())))


def add_row(session: Session, row: DeclarativeBase) -> None:
    """Have a new mapped object written with this transaction, as it is then; the session does not hold it.

    For objects whose primary key is set and whose later changes belong to the same deed: those made after it is
    written are not.
    """
    _waiting(session).append(row)


def write_changes(session: Session, row: DeclarativeBase) -> None:
    """Have what changed on a loaded object written with this transaction; the session lets go of it.

    For the last deed on it: what is changed on it afterwards is not written. Whoever asks for the row again in the
    transaction gets it as it then is.
    """
    state, held = inspect(row), row.__dict__
    changed = {
        name: held[name] if written is None or held[name] is None else written(held[name])
        for name, _, written in _columns(type(row))
        if name in state.committed_state
    }
    if state.session is not None:
        session.expunge(row)
    if changed:
        keys = tuple(column.name for column in state.mapper.primary_key)
        changes: list[Change] = session.info.setdefault(_CHANGED, [])
        values = [*changed.values(), *(held[key] for key in keys)]
        changes.append((row.__tablename__, tuple(changed), keys, values))


def as_loaded(mapped: type[M], values: Mapping[str, Any]) -> M:
    """Return a mapped object of a row read without SQLAlchemy: all its columns' `values`, as psycopg read them.

    No session holds it. What is changed on it is known to `write_changes`.
    """
    made = cast(M, inspect(mapped).class_manager.new_instance())
    made.__dict__.update(values)
    return made


def ask_before_rows(session: Session, question: Question) -> None:
    """Have a statement run just before what is gathered is written, in the same journey; its answer is not kept.

    For what decides by an error whether the rows may be written at all.
    """
    session.info.setdefault(_BEFORE, []).append(question)


def notify_on_commit(session: Session, channel: str) -> None:
    """Have whoever listens on `channel` hear of this transaction's commit."""
    session.info.setdefault(_CHANNELS, set()).add(channel)


@event.listens_for(Session, "before_commit")
def write_rows(session: Session) -> None:
    """Write what is gathered. A `RowSession` does so before it executes, flushes or commits: it sees every row."""
    writing = _gathered(session)
    if writing:
        bare_cursor(session).ask(writing)


def write_last(session: Session) -> None:
    """Write what is gathered and commit, in one journey; whatever the session holds besides is flushed before.

    For who ends the transaction: the session's own commit finds nothing left to do. Where nothing is gathered the
    commit is left to it.
    """
    session.flush()
    writing = _gathered(session)
    if writing:
        bare_cursor(session).ask(writing, commit=True)


def give_up_broken(session: Session) -> None:
    """Let go of a connection on which a journey broke off: rolling back on it would hide why by an error of its own."""
    held: Traveller | None = session.info.get(_CURSOR)
    if held is not None and held.broken:
        session.invalidate()


def _gathered(session: Session) -> list[Question]:
    """Take out what is gathered: one statement, after those that come before it."""
    before: list[Question] = session.info.pop(_BEFORE, [])
    rows: list[Any] = session.info.pop(_WAITING, [])
    changes: list[Change] = session.info.pop(_CHANGED, [])
    channels: list[str] = sorted(session.info.pop(_CHANNELS, ()))
    if not rows and not changes and not channels:
        return before
    grouped: dict[tuple[str, tuple[str, ...], int], list[Any]] = {}
    counts: dict[tuple[str, tuple[str, ...]], int] = {}
    for row in rows:
        table, columns, values = row if isinstance(row, tuple) else _as_insert(row)
        place = counts.get((table, columns), 0)
        counts[table, columns] = place + 1
        grouped.setdefault((table, columns, place // MOST_OF_ONE_TABLE), []).extend(values)
    shape = tuple(
        (table, columns, len(values) // len(columns)) for (table, columns, _), values in grouped.items()
    )
    given = [value for values in grouped.values() for value in values]
    given += [value for change in changes for value in change[3]]
    statement = _statement(shape, tuple(change[:3] for change in changes), len(channels))
    return [*before, (statement, [*given, *channels])]


@event.listens_for(Session, "before_flush")
def _write_before_flush(session: Session, *_: Any) -> None:
    write_rows(session)


@event.listens_for(Session, "after_rollback")
@event.listens_for(Session, "after_commit")
def _begin_anew(session: Session) -> None:
    for held in (_WAITING, _CHANGED, _CHANNELS, _BEFORE, _CURSOR):
        session.info.pop(held, None)


def _waiting(session: Session) -> list[Any]:
    waiting: list[Any] = session.info.setdefault(_WAITING, [])
    return waiting


@lru_cache(maxsize=256)
def _statement(
    shape: tuple[tuple[str, tuple[str, ...], int], ...],
    changes: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...],
    channels: int,
) -> str:
    """Return the statement for these tables, columns and numbers of rows; foreign keys are checked at its end."""
    numbers = itertools.count(1)
    parts = []
    for place, (table, columns, count) in enumerate(shape):
        rows = ", ".join(f"({', '.join(f'${next(numbers)}' for _ in columns)})" for _ in range(count))
        parts.append(f"w{place} AS (INSERT INTO {table} ({', '.join(columns)}) VALUES {rows})")  # noqa: S608
    for place, (table, columns, keys) in enumerate(changes):
        given = ", ".join(f"{column} = ${next(numbers)}" for column in columns)
        which = " AND ".join(f"{key} = ${next(numbers)}" for key in keys)
        parts.append(f"c{place} AS (UPDATE {table} SET {given} WHERE {which})")  # noqa: S608
    notices = ", ".join(f"pg_notify(${next(numbers)}, '')" for _ in range(channels))
    return f"WITH {', '.join(parts)} SELECT {notices}" if parts else f"SELECT {notices}"


def _as_insert(row: DeclarativeBase) -> Insert:
    held = row.__dict__
    columns, values = [], []
    for name, default, written in _columns(type(row)):
        if name in held:
            value = held[name]
        elif default is not None:
            value = default.arg
        else:
            continue
        columns.append(name)
        values.append(value if written is None or value is None else written(value))
    return row.__tablename__, tuple(columns), values


@lru_cache(maxsize=256)
def _columns(mapped: type[DeclarativeBase]) -> tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]:
    """Name, scalar default and how a value is written, of each column; a server's default needs no value."""
    return tuple(
        (
            column.name,
            column.default if column.default is not None and column.default.is_scalar else None,
            _written(column.type),
        )
        for column in mapped.__table__.columns
    )


def _written(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of a column of this type is given to psycopg; None when it takes it as it is."""
    if isinstance(kind, JSONB):
        return Jsonb
    if isinstance(kind, ARRAY) and isinstance(kind.item_type, LargeBinary):
        return bytes_array
    if isinstance(kind, ARRAY) and isinstance(kind.item_type, Text):
        return texts_array
    return None
