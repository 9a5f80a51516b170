"""Loopback ports of one stack: the gateway's is the reader's choice, the others follow it or step aside."""

import socket

from local.problem import Problem

# Beside 8080 the services stand at 8301 and on, where `make bench` finds them.
OFFSETS = {
    "intake": 221,
    "referral": 222,
    "notify": 223,
    "dashboard": 224,
    "carrier": 231,
    "mailbox": 232,
    "smtp": 233,
    "redis": 234,
}


def choose(gateway: int) -> dict[str, int]:
    """Return a port for each name; the preferred one where it is free. Raises `Problem` when `gateway` is taken."""
    if not 0 < gateway < 65536:
        raise Problem(f"PORT must be a number from 1 to 65535, not {gateway}. Nothing was started.")
    if gateway < 1024 and _needs_rights(gateway):
        raise Problem(
            f"Port {gateway} is for the administrator only on this machine. Nothing was started; "
            "choose one from 1024 on: make up PORT=8080"
        )
    if not is_free(gateway):
        raise Problem(
            f"Port {gateway} is taken by another program. Nothing was started; "
            f"stop that program, or choose another port: make up PORT={gateway + 1}"
        )
    chosen = {"gateway": gateway}
    for name, offset in OFFSETS.items():
        wanted = gateway + offset
        chosen[name] = wanted if wanted < 65536 and is_free(wanted) else _any_free(set(chosen.values()))
    return chosen


def is_free(port: int) -> bool:
    """Return whether nobody listens on `port` at the loopback address."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _needs_rights(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return True
        except OSError:
            return False
    return False


def _any_free(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
