"""The `waymark` command."""

import argparse
import os
import sys
from collections.abc import Sequence

from local.places import Places
from local.problem import Problem


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A `Problem` is printed as its sentence, without a traceback."""
    parser = argparse.ArgumentParser(prog="waymark", description="Waymark on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    starting = commands.add_parser("up", help="start the whole clinic and print one address")
    starting.add_argument("--port", type=int, default=None, help="the address's port (or PORT=; 8080)")
    commands.add_parser("down", help="stop it")
    commands.add_parser("reset", help="stop it and clear its data")
    commands.add_parser("status", help="what runs now")
    by_hand = commands.add_parser(
        "env", help="print the environment of one service, to run a part of it by hand"
    )
    by_hand.add_argument("service", choices=("intake", "referral", "notify", "dashboard"))
    commands.add_parser(
        "verify-audit", help="walk every audit trail and name the first entry that was changed"
    )
    deciding = commands.add_parser(
        "evaluate", help="decide cases: one JSON object a line in, one decision a line out"
    )
    deciding.add_argument("cases", help="a JSON Lines file, or - for the standard input")
    deciding.add_argument("--against", help="a CSV file of labels: print agreement per class instead")
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except Problem as problem:
        print(f"waymark {given.command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(given: argparse.Namespace) -> int:
    # Each command imports what it needs: `evaluate` must not pay for the databases.
    if given.command == "evaluate":
        from local import evaluate

        return evaluate.run(given.cases, given.against, sys.stdout)
    places = Places.from_environ()
    if given.command == "up":
        from local import up

        return up.up(places, given.port if given.port is not None else _port())
    if given.command in ("status", "env"):
        from local import status

        return (
            status.status(places)
            if given.command == "status"
            else status.print_environment(places, given.service)
        )
    if given.command == "verify-audit":
        from local.verify_audit import verify_audit

        return verify_audit(places)
    from local import down

    return down.down(places) if given.command == "down" else down.reset(places)


def _port() -> int:
    text = os.environ.get("PORT", "8080")
    if not text.isdecimal():
        raise Problem(f"PORT must be a number, not “{text}”. Nothing was started.")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
