"""`python -m local.prepare`: databases, roles, migrations, and the demo clinic's rows. Safe to run at every start."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from local import databases
from local.databases import SERVICES
from local.places import ROOT, Places
from local.problem import Problem
from local.process_environment import Stack

STACK_SETTINGS = "WAYMARK_STACK_SETTINGS"
DEMO = "local.demo"
SAID_WHY = 3  # exit code: the last line of output is a whole sentence for the reader


def main() -> int:
    """Prepare the stack described by the environment; returns the exit code."""
    stack = stack_from_environ()
    try:
        for service in SERVICES:
            prepare_service(stack, service)
            print(f"{service}: database ready", flush=True)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return SAID_WHY
    return 0


def stack_from_environ() -> Stack:
    """Return the stack whose settings file the environment names."""
    return read_stack(Path(os.environ[STACK_SETTINGS]))


def read_stack(path: Path) -> Stack:
    """Return the stack described by a settings file; raises OSError or ValueError."""
    given = json.loads(path.read_text(encoding="utf-8"))
    return Stack(places=Places(Path(given.pop("var"))), **given)


def prepare_service(stack: Stack, service: str) -> None:
    """Create `service`'s database and roles when absent, and bring its tables up to date; raises `Problem`."""
    # The supervisor imports this module, lives long, and has no use for these 40 MB.
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from kernel import migrate

    name = databases.database_name(service)
    owner, app = stack.roles(service)
    try:
        databases.create(stack.admin_url, name, owner, app)
        migrate.upgrade(service, stack.owner_url(service))
    except (psycopg.Error, SQLAlchemyError, CommandError) as error:
        if "No space left" in str(error):
            raise Problem(
                "The disk is full: the databases are not up to date. What was there is kept."
            ) from None
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Problem(
            f"The database {name} could not be prepared ({said}). What was there is kept; "
            "`make reset` starts over with empty databases."
        ) from None


def run_demo(stack: Stack, phase: str, log_path: Path) -> "subprocess.Popen[bytes] | None":
    """Start `python -m local.demo <phase>` (`prepared`: databases are there; `running`: everything is up)."""
    if importlib.util.find_spec(DEMO) is None:
        return None
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", DEMO, phase],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=command_environment(stack),
        )


def command_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of a command that works on the whole stack: it names the settings file."""
    return {
        **os.environ,
        STACK_SETTINGS: str(settings_file(stack.places)),
        "WAYMARK_VAR": str(stack.places.var),
    }


def settings_file(places: Places) -> Path:
    return places.secrets / "stack_settings.json"


if __name__ == "__main__":
    sys.exit(main())
