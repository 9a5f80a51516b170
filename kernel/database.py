"""One PostgreSQL database per service. `transaction()` is the only place a commit happens."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from sqlalchemy import MetaData, create_engine, event, inspect
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from kernel.clock import CLOCK_OFFSET
from kernel.journey import STALE, keep_prepared
from kernel.rows import give_up_broken, write_last, write_rows

IDLE_SECONDS_BEFORE_PING = 1.0
_URL = "database_url"
CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def service_metadata(service: str) -> MetaData:
    """Return the metadata a service's declarative base uses; its name is part of each sealed field's place."""
    return MetaData(naming_convention=CONSTRAINT_NAMES, info={"service": service})


class NewRow:
    """How a mapped object made here takes its values: a column's goes straight to where an INSERT reads it.

    SQLAlchemy's own way sets each as a change to be tracked, at four times the cost; of a new row all is written
    anyway. What is no column (a personal field) is set as an attribute. Raises TypeError for a name it does not have.
    """

    def __init__(self, **values: Any) -> None:
        mapped: type[Any] = type(self)
        held = self.__dict__
        columns = _columns_of(mapped)  # type: ignore[arg-type] # a class with SQLAlchemy's metaclass is hashable
        for name, value in values.items():
            if name in columns:
                held[name] = value
            elif hasattr(mapped, name):
                setattr(self, name, value)
            else:
                raise TypeError(f"{mapped.__name__} has no {name}")


@lru_cache(maxsize=256)
def _columns_of(mapped: type[Any]) -> frozenset[str]:
    return frozenset(inspect(mapped).columns.keys())


class KernelBase(NewRow, DeclarativeBase):
    """Base of the tables every service has: outbox, inbox, audit and the like."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES, info={"service": "kernel"})


class RowSession(Session):
    """A session that writes what `kernel.rows` has gathered before it asks PostgreSQL anything."""

    def execute(self, *args: Any, **options: Any) -> Any:
        write_rows(self)
        return super().execute(*args, **options)

    def scalars(self, *args: Any, **options: Any) -> Any:
        write_rows(self)
        return super().scalars(*args, **options)

    def scalar(self, *args: Any, **options: Any) -> Any:
        write_rows(self)
        return super().scalar(*args, **options)


class LeanCursor(psycopg.Cursor[Any]):
    """A cursor that describes a column by what SQLAlchemy reads, its name and type, and makes no object of it."""

    @property
    def description(self) -> Any:
        """Name and type of each column, in the seven places of PEP 249; None when nothing was selected."""
        found = self.pgresult
        if found is None or not found.nfields:
            return super().description
        return [
            ((found.fname(place) or b"").decode(), found.ftype(place), None, None, None, None, None)
            for place in range(found.nfields)
        ]


class Database:
    """An engine and its sessions. Made in a composition root; safe to build before a fork (it connects lazily)."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        pool_size: int = 8,
        statement_timeout_ms: int = 5_000,
        clock_offset: timedelta = timedelta(),
    ) -> None:
        self.url = url
        self.clock_offset = clock_offset
        options = (
            f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={min(statement_timeout_ms, 5_000)}"
        )
        self.engine: Engine = create_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=5,
            # What a statement was given may be a person's; an error that reaches a log must not repeat it.
            hide_parameters=True,
            connect_args={
                "application_name": name,
                "connect_timeout": 5,
                "options": options,
                "cursor_factory": LeanCursor,
            },
        )
        event.listen(self.engine, "connect", lambda connection, _: keep_prepared(connection))
        event.listen(self.engine, "handle_error", _give_up_stale)
        ping_idle_connections(self.engine)
        self._sessions = sessionmaker(
            self.engine,
            class_=RowSession,
            expire_on_commit=False,
            info={CLOCK_OFFSET: clock_offset, _URL: url},
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends, roll everything back when it raises."""
        with self._sessions() as session, session.begin():
            try:
                yield session
                write_last(session)
            except BaseException:
                give_up_broken(session)
                raise

    def forget_connections(self) -> None:
        """Drop pooled connections without closing them: for a forked child, whose parent still uses them."""
        self.engine.dispose(close=False)


def _give_up_stale(context: ExceptionContext) -> None:
    """Have the pool close a connection that holds a prepared statement of tables as they no longer are."""
    if isinstance(context.original_exception, STALE):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def address_of(session: Session) -> str:
    """Return which database the session is on, to keep by it what was read there."""
    return str(session.info.get(_URL) or session.get_bind().engine.url)


def ping_idle_connections(engine: Engine) -> None:
    """Ask a pooled connection whether it still lives when it has rested for a second; a busy one is not asked.

    SQLAlchemy's own pre-ping asks at every checkout, which is one round trip of every request.
    """

    @event.listens_for(engine, "checkin")
    def _rests(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) < IDLE_SECONDS_BEFORE_PING:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error:
            raise DisconnectionError("the connection was closed while it rested") from None


def sqlalchemy_url(url: str) -> str:
    """Return `url` with the psycopg 3 driver named: `postgresql://…` becomes `postgresql+psycopg://…`."""
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)


def libpq_url(url: str) -> str:
    """Return `url` as libpq and psycopg.connect take it."""
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", url)


def describe_address(url: str) -> dict[str, Any]:
    """Return host and database name of `url`, without user or password, for messages."""
    parts = urlsplit(url)
    socket = parse_qs(parts.query).get("host", [""])[0]
    return {"host": parts.hostname or socket, "database": parts.path.lstrip("/")}
