"""`python -m local.migrations_check`: each service's migrations up, down, up again, and the models agree with them.

Two servers of one version run side by side during a roll-out, so the way down is walked as well as the way up.
"""

import importlib
import sys
import tempfile
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase

import kernel.tables  # noqa: F401 – its classes must be known, or the kernel's tables look superfluous
from kernel import migrate
from local import databases, keys, postgres
from local.databases import SERVICES, Role

SAID_CHARACTERS = 1200


def check_service(service: str, owner_url: str) -> None:
    """Walk `service`'s migrations both ways; raises CommandError or SQLAlchemyError where they break."""
    migrate.upgrade(service, owner_url)
    migrate.check(service, owner_url, metadata(service))
    migrate.downgrade(service, owner_url)
    migrate.upgrade(service, owner_url)
    migrate.check(service, owner_url, metadata(service))


def metadata(service: str) -> list[MetaData]:
    """Return the metadata of every declarative base in `services.<service>.model`."""
    model = importlib.import_module(f"services.{service}.model")
    bases = [
        found
        for found in vars(model).values()
        if isinstance(found, type)
        and issubclass(found, DeclarativeBase)
        and DeclarativeBase in found.__bases__
    ]
    return [base.metadata for base in bases if base.metadata.info.get("service") == service]


def main() -> int:
    """Check every service on a throw-away server; returns the exit code."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="wm-migrations-") as name:
        folder = Path(name)
        server = postgres.start(folder / "pg", fsync=False)
        try:
            for service in SERVICES:
                owner, app = (
                    Role(f"{service}_{kind}", keys.secret(folder, kind)) for kind in ("owner", "app")
                )
                databases.create(server.url, service, owner, app)
                failed += _told(service, databases.address(server.url, owner, service))
        finally:
            server.stop()
    return 1 if failed else 0


def _told(service: str, owner_url: str) -> int:
    try:
        check_service(service, owner_url)
    except (CommandError, SQLAlchemyError) as error:
        print(f"{service}: migrations and models disagree: {str(error)[:SAID_CHARACTERS]}", file=sys.stderr)
        return 1
    print(f"{service}: migrations go up, down and up again, and the models agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
