"""`python -m local.demo prepared|running`: what `make up` calls before and after the services start."""

import sys

from local.demo.prepared import prepare_demo
from local.demo.running import walk_patients
from local.prepare import stack_from_environ

PHASES = {"prepared": prepare_demo, "running": walk_patients}


def main() -> int:
    """Run the phase named on the command line; returns the exit code."""
    if len(sys.argv) != 2 or sys.argv[1] not in PHASES:
        print("usage: python -m local.demo prepared|running", file=sys.stderr)
        return 2
    PHASES[sys.argv[1]](stack_from_environ())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
