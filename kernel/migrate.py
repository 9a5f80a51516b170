"""Alembic for every service: one environment here, numbered revisions in `services/<service>/migrations`."""

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from kernel.database import KernelBase, sqlalchemy_url

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
    """Bring `service`'s database to `revision`. `owner_url` is the owner role's address, not the app's."""
    command.upgrade(_config(service, owner_url), revision)


def downgrade(service: str, owner_url: str, revision: str = "base") -> None:
    """Take `service`'s database back to `revision`."""
    command.downgrade(_config(service, owner_url), revision)


def check(service: str, owner_url: str, metadata: Sequence[MetaData]) -> None:
    """Raise alembic.util.CommandError when the mapped classes and the migrated database differ."""
    command.check(_config(service, owner_url, metadata))
