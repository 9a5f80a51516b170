"""`python -m local.gateway`: GATEWAY_PORT, GATEWAY_UPSTREAMS (JSON name → port), GATEWAY_FACTS, ASSETS_DIR, and where
wanted GATEWAY_HOSTS and GATEWAY_TRUSTED_PROXIES (addresses whose X-Forwarded-For is believed), by commas."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from local.gateway.server import Gateway


async def _serve(gateway: Gateway) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await gateway.start()
    print(f"gateway: listening on port {gateway.port}", flush=True)
    await stopped.wait()
    gateway.stop()


def main() -> int:
    """Run until told to stop; returns the exit code."""
    hosts = os.environ.get("GATEWAY_HOSTS", "localhost,127.0.0.1,[::1]")
    proxies = os.environ.get("GATEWAY_TRUSTED_PROXIES", "")
    gateway = Gateway(
        port=int(os.environ["GATEWAY_PORT"]),
        ports=json.loads(os.environ["GATEWAY_UPSTREAMS"]),
        assets_folder=Path(os.environ.get("ASSETS_DIR", "node_modules")),
        facts_file=Path(os.environ.get("GATEWAY_FACTS", "var/run/front_page.json")),
        hosts=frozenset(host.strip().lower() for host in hosts.split(",") if host.strip()),
        proxies=frozenset(proxy.strip() for proxy in proxies.split(",") if proxy.strip()),
    )
    try:
        asyncio.run(_serve(gateway))
    except OSError as error:
        print(f"gateway: port {gateway.port} cannot be used ({error.strerror}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
