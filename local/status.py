"""`waymark status` and `waymark env`: what runs, and how to run a part of it by hand."""

import shlex
from typing import Any

from local import hold, prepare
from local.places import Places
from local.problem import Problem
from local.process_environment import Stack, service_environment


def status(places: Places) -> int:
    """Print the address and each process; returns 0 when the stack runs, 3 when not."""
    state = _running(places)
    if state is None:
        print("Waymark is not running.")
        return 3
    print(state.get("address", ""))
    for name, process in state.get("processes", {}).items():
        print(f"  {name:<18} {process['state']:<11} pid {process['pid']}  starts {process['starts']}")
    return 0


def print_environment(places: Places, service: str) -> int:
    """Print `export` lines with which any process of `service` can be run by hand beside the stack."""
    for name, value in sorted(service_environment(saved_stack(places), service).items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def saved_stack(places: Places) -> Stack:
    """Return the stack as it was last started; raises `Problem` when it never was."""
    try:
        return prepare.read_stack(prepare.settings_file(places))
    except (OSError, ValueError):
        raise Problem("Start the stack once first (`make up`): it makes the databases and keys.") from None


def _running(places: Places) -> dict[str, Any] | None:
    if not places.lock_file.exists():
        return None
    held = hold.take(places)
    if held is not None:
        held.close()
        return None
    return hold.state(places)
