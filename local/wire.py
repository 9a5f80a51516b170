"""A small HTTP/1.1 server for the stand-ins, fast enough that a benchmark measures the sender and not this.

Requests on one connection are answered one after another. A handler answers at once with a `Response`,
returns an awaitable when it must wait, or returns `RESET` to drop the connection without a reply.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HERE, SHARED_STYLE = Path(__file__).parent, "stand_in.css"

log = logging.getLogger(__name__)


class Reset:
    """Drop the connection without a reply, as a broken network would."""


RESET: Final = Reset()


@dataclass(slots=True)
class Request:
    """One request. Header names are lower case; `received_at` is when its first byte came (Unix seconds)."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    received_at: float

    def form(self) -> dict[str, str]:
        """The form fields of the body; the last of a repeated name wins."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def arguments(self) -> dict[str, str]:
        """The query's fields; the last of a repeated name wins."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def from_another_site(self) -> bool:
        """Whether a browser says that a page of another site sent this."""
        return self.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


@dataclass(slots=True)
class Response:
    """An answer: status, body and headers."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, head_only: bool, keep_open: bool) -> bytes:
        """The bytes on the wire."""
        lines = [f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Unknown')}"]
        if self.status not in (204, 304):
            lines.append(f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}")
        lines.extend(f"{name}: {value}" for name, value in self.headers)
        if not keep_open:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return head if head_only or self.status in (204, 304) else head + self.body


_PHRASES = {status.value: status.phrase for status in HTTPStatus}

Handler = Callable[[Request], "Response | Reset | Awaitable[Response | Reset]"]


def json_response(payload: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """`payload` as JSON."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, "application/json", headers)


def redirect(where: str) -> Response:
    """Send the browser on to a page here, after a form was taken."""
    return Response(303, headers=(("Location", where),))


def static_file(folder: Path, name: str) -> Response:
    """A file of `folder`, by its plain name; or the style that the stand-ins' pages share."""
    kinds = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
    path = (HERE if name == SHARED_STYLE else folder) / name
    if "/" in name or path.suffix not in kinds or not path.is_file():
        return Response(404, b"There is no such file here.\n")
    headers = (("Cache-Control", "max-age=60"), ("X-Content-Type-Options", "nosniff"))
    return Response(200, path.read_bytes(), kinds[path.suffix], headers)


class Connection(asyncio.Protocol):
    """One client connection: splits the bytes into requests and writes the answers in order."""

    def __init__(self, handler: Handler, open_connections: "set[Connection]") -> None:
        self._handler = handler
        self._open = open_connections
        self._buffer = bytearray()
        self._first_byte_at = 0.0
        self._answering: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; asyncio calls this once."""
        self.transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; an answer under way goes on, for its effect is wanted even unread."""
        self._open.discard(self)
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Take bytes in; answer every whole request among them."""
        if not self._buffer:
            self._first_byte_at = time.time()
        self._buffer += data
        if self._answering is None:
            self._answer_what_is_whole()

    def _answer_what_is_whole(self) -> None:
        while self.transport is not None and self._buffer:
            request = self._next_request()
            if request is None:
                return
            try:
                answer = self._handler(request)
            except Exception:
                log.exception("stand-in failed on %s", request.method)
                answer = Response(500, b"The stand-in failed; its log has the reason.\n")
            if isinstance(answer, (Response, Reset)):
                self._write(request, answer)
            else:
                self._answering = asyncio.ensure_future(self._answer_later(request, answer))
                return

    async def _answer_later(self, request: Request, answer: "Awaitable[Response | Reset]") -> None:
        try:
            self._write(request, await answer)
        except Exception:
            log.exception("stand-in failed on %s", request.method)
            self._write(request, Response(500, b"The stand-in failed; its log has the reason.\n"))
        finally:
            self._answering = None
        self._answer_what_is_whole()

    def _next_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                self._refuse(431)
            return None
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length", "0")
        if len(words) != 3 or not length.isdecimal():
            self._refuse(400)
            return None
        if "transfer-encoding" in headers:
            self._refuse(411)
            return None
        size = int(length)
        if size > MAX_BODY_BYTES:
            self._refuse(413)
            return None
        if len(self._buffer) < end + 4 + size:
            if headers.get("expect", "").lower() == "100-continue" and self.transport is not None:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + size])
        del self._buffer[: end + 4 + size]
        received_at, self._first_byte_at = self._first_byte_at, time.time()
        path, _, query = words[1].partition("?")
        return Request(words[0], unquote(path), query, headers, body, received_at)

    def _refuse(self, status: int) -> None:
        self._buffer.clear()
        if self.transport is not None:
            self.transport.write(Response(status).encoded(head_only=False, keep_open=False))
            self.transport.close()

    def _write(self, request: Request, answer: Response | Reset) -> None:
        if self.transport is None:
            return
        if isinstance(answer, Reset):
            self.transport.abort()
            self.transport = None
            return
        keep_open = request.headers.get("connection", "").lower() != "close"
        self.transport.write(answer.encoded(head_only=request.method == "HEAD", keep_open=keep_open))
        if not keep_open:
            self._buffer.clear()
            self.transport.close()


class Listener:
    """A listening port that can be shut for a while, as a provider that is down would be."""

    def __init__(self, handler: Handler, host: str, port: int) -> None:
        self._handler = handler
        self._host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._reopening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start to listen; port 0 takes a free one and keeps it. Raises OSError when the port is busy."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handler, self._connections), self._host, self.port, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop to listen and drop every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            if connection.transport is not None:
                connection.transport.abort()

    def shut_soon(self, seconds: float) -> None:
        """Once the present reply is out, refuse connections for `seconds`, then listen again.

        A second call while shut is ignored.
        """
        if self._reopening is None or self._reopening.done():
            self._reopening = asyncio.ensure_future(self._shut_and_reopen(seconds))

    async def _shut_and_reopen(self, seconds: float) -> None:
        await asyncio.sleep(0.05)
        self.close()
        await asyncio.sleep(seconds)
        await self.open()
