"""Alembic for every service: one environment here, numbered revisions in `services/<service>/migrations`."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg.errors import LockNotAvailable
from sqlalchemy import MetaData
from sqlalchemy.exc import OperationalError

from kernel.database import KernelBase, sqlalchemy_url

# Each try waits two seconds for a lock (migrations/env.py), then lets the traffic behind it pass.
LOCK_TRIES = 30
PAUSE_SECONDS = (0.5, 2.0)
ROOT = Path(__file__).resolve().parent.parent


def _config(service: str, owner_url: str, metadata: Sequence[MetaData] = ()) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "kernel" / "migrations"))
    config.set_main_option("version_locations", str(ROOT / "services" / service / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = sqlalchemy_url(owner_url)
    config.attributes["metadata"] = [KernelBase.metadata, *metadata]
    return config


def upgrade(service: str, owner_url: str, revision: str = "head") -> None:
    """Bring `service`'s database to `revision`, under traffic too. `owner_url` is the owner role's, not the app's."""
    _patiently(lambda: command.upgrade(_config(service, owner_url), revision))


def downgrade(service: str, owner_url: str, revision: str = "base") -> None:
    """Take `service`'s database back to `revision`."""
    _patiently(lambda: command.downgrade(_config(service, owner_url), revision))


def _patiently(run: Callable[[], None]) -> None:
    """Run again what did not get a lock in time (FAULT-56): whole revisions are kept, so it goes on where it was."""
    for tries_left in range(LOCK_TRIES - 1, -1, -1):
        try:
            run()
            return
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or not tries_left:
                raise
        time.sleep(random.uniform(*PAUSE_SECONDS))


def check(service: str, owner_url: str, metadata: Sequence[MetaData]) -> None:
    """Raise alembic.util.CommandError when the mapped classes and the migrated database differ."""
    command.check(_config(service, owner_url, metadata))
