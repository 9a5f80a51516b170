"""`python -m local.carrier`: run the carrier until it is told to stop."""

import asyncio
import gc
import signal
import sys

from local.carrier.server import Carrier
from local.carrier.settings import BadSettingError, read_settings


async def _serve(carrier: Carrier) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await carrier.start()
    print(f"carrier: listening on port {carrier.port}", flush=True)
    await stopped.wait()
    carrier.stop()


def main() -> int:
    """Run; returns the exit code."""
    try:
        settings = read_settings()
    except BadSettingError as reason:
        print(f"carrier: {reason}", file=sys.stderr)
        return 2
    try:
        carrier = Carrier(settings)
    except (OSError, ValueError, KeyError, TypeError):
        print(
            f"carrier: {settings.log_path} cannot be read as its log; move it away to start empty.",
            file=sys.stderr,
        )
        return 1
    # Messages live as long as the process; scanning them over and over would only slow the replies.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        asyncio.run(_serve(carrier))
    except OSError as reason:
        print(f"carrier: port {settings.port} cannot be used ({reason.strerror}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
