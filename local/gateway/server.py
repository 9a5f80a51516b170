"""The gateway as a server: listens, answers what is its own, asks every service whether it is ready."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.gateway import pages
from local.gateway.assets import Assets
from local.gateway.heads import HEAD_BYTES, Request, header
from local.gateway.places import IN_HAND
from local.gateway.proxy import Proxy

READY_SECONDS = 3.0
SERVICES = ("intake", "referral", "notify", "dashboard")
STAND_INS = ("carrier", "mailbox")


@dataclass
class Gateway:
    """`ports` maps each process's name to its loopback port; `facts_file` holds what the front page tells."""

    port: int
    ports: Mapping[str, int]
    assets_folder: Path
    facts_file: Path
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    in_hand: int = IN_HAND
    proxies: frozenset[str] = frozenset()
    _servers: list[asyncio.Server] = field(default_factory=list)

    async def start(self) -> None:
        """Listen on the loopback addresses; raises OSError when the port is taken."""
        self._assets = Assets(self.assets_folder)
        proxy = Proxy(self.ports, self.answer, self.hosts, self.in_hand, self.proxies)
        for address in ("127.0.0.1", "::1"):
            try:
                server = await asyncio.start_server(proxy.serve_client, address, self.port, limit=HEAD_BYTES)
            except OSError:
                if address == "::1" and self._servers:
                    continue  # a machine without IPv6; "localhost" is then the other address
                raise
            self._servers.append(server)
            self.port = server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        for server in self._servers:
            server.close()

    async def answer(self, request: Request) -> bytes | None:
        """Return the gateway's own answer, or None when there is nothing at this path."""
        if request.path == "/":
            return pages.answer(200, "text/html; charset=utf-8", pages.front_page(self._facts()))
        if request.path == "/live":
            return _json(200, {"service": "gateway", "status": "live"})
        if request.path == "/ready":
            return await self._ready()
        return self._asset(request)

    def _asset(self, request: Request) -> bytes | None:
        asset = self._assets.find(request.path)
        if asset is None:
            return None
        caching = (
            ("Cache-Control", "public, max-age=86400"),
            ("ETag", asset.etag),
            ("Vary", "Accept-Encoding"),
        )
        if header(request.headers, b"if-none-match").decode("latin-1") == asset.etag:
            return pages.answer(304, asset.content_type, b"", *caching)
        if asset.packed is not None and b"gzip" in header(request.headers, b"accept-encoding"):
            return pages.answer(200, asset.content_type, asset.packed, *caching, ("Content-Encoding", "gzip"))
        return pages.answer(200, asset.content_type, asset.plain, *caching)

    async def _ready(self) -> bytes:
        names = [name for name in (*SERVICES, *STAND_INS) if name in self.ports]
        said = await asyncio.gather(*(_ask(self.ports[name]) for name in names))
        parts = dict(zip(names, said, strict=True))
        ready = all(status == 200 for status, _ in said)
        return _json(
            200 if ready else 503,
            {
                "status": "ready" if ready else "not ready",
                "parts": {name: {"http_status": status, **body} for name, (status, body) in parts.items()},
            },
        )

    def _facts(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            facts: dict[str, Any] = json.loads(self.facts_file.read_text(encoding="utf-8"))
            return facts
        return {}


async def _ask(port: int) -> tuple[int | None, dict[str, Any]]:
    """Return the status and body of a process's `/ready`; None when it does not answer in 3 s."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                whole = await reader.read(64 * 1024)
                while piece := await reader.read(64 * 1024):
                    whole += piece
            finally:
                writer.close()
        head, _, body = whole.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
    except (OSError, TimeoutError, ValueError, IndexError):
        return None, {"status": "no answer"}
    with suppress(ValueError):
        told = json.loads(body)
        if isinstance(told, dict):
            return status, told
    return status, {}


def _json(status: int, body: dict[str, Any]) -> bytes:
    return pages.answer(status, "application/json", json.dumps(body).encode())
