"""One kept-open HTTP/1.1 connection: a request goes out in one write, its answer is read later and whole.

Neither httpx nor http.client: the protocol needs the moment between "every byte is written" and "wait for the answer"
(docs/decisions/0050-locks-held-until-the-request-is-written.md), with a deadline for the whole answer and many
requests in flight on one thread. The answer is parsed by httptools (llhttp, Node's parser).
"""

import select
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import SplitResult

import httptools

from services.notify.sending.let_nothing_arrive_late import let_nothing_arrive_late

RECEIVED_AT_ONCE = 65_536
LARGEST_HEAD = 4 * RECEIVED_AT_ONCE


class BrokenLine(Exception):
    """The connection ended, or brought what is no HTTP answer."""


@dataclass(slots=True)
class Reply:
    """A whole answer. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection to `address` (scheme, host, port); one thread's while in use. `open` connects, or raises OSError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.used_at = time.monotonic()
        self.reusable = True

    @classmethod
    def open(cls, address: SplitResult, context: ssl.SSLContext | None, seconds: float) -> "Line":
        """Connect within `seconds`; `context` is given when the address is an https one."""
        port = address.port or (443 if context else 80)
        sock = socket.create_connection((address.hostname or "", port), timeout=seconds)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            let_nothing_arrive_late(sock)
            if context is not None:
                sock = context.wrap_socket(sock, server_hostname=address.hostname)
        except OSError:
            sock.close()
            raise
        return cls(sock)

    def send(self, request: bytes, seconds: float) -> None:
        """Write all of `request`; raises OSError, after which some of it may have gone out."""
        self._sock.settimeout(seconds)
        self._sock.sendall(request)

    def receive(self, deadline: float, largest: int) -> Reply:
        """Read one answer until `deadline` (of `time.monotonic`); at most `largest` bytes of body are kept.

        Raises TimeoutError, BrokenLine, or another OSError. `reusable` says whether another request may follow.
        """
        reading = _Reading(largest)
        self.reusable = False
        while not (reading.whole or reading.cut):
            self._sock.settimeout(max(0.05, deadline - time.monotonic()))
            received = self._sock.recv(RECEIVED_AT_ONCE)
            if not received:
                if reading.until_closed:
                    return reading.reply()
                raise BrokenLine("closed")
            reading.feed(received)
            if time.monotonic() > deadline and not reading.whole:
                raise TimeoutError
        self.reusable = reading.keeps_open and not reading.cut
        self.used_at = time.monotonic()
        return reading.reply()

    def is_stale(self) -> bool:
        """True when the other side has hung up, or sent something nobody asked for: not a line to send on."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._sock.close()


@dataclass
class _Reading:
    """httptools' callbacks for one answer."""

    largest: int
    whole: bool = False
    cut: bool = False
    until_closed: bool = False
    keeps_open: bool = False
    _status: int = 0
    _seen: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    _body: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, received: bytes) -> None:
        self._seen += len(received)
        if self._seen > self.largest + LARGEST_HEAD:
            raise BrokenLine("endless head")
        try:
            self._parser.feed_data(received)
        except httptools.HttpParserError:
            raise BrokenLine("not an answer") from None

    def reply(self) -> Reply:
        return Reply(self._status, self._headers, bytes(self._body))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        sized = "content-length" in self._headers or "transfer-encoding" in self._headers
        self.until_closed = self._status >= 200 and not sized

    def on_body(self, part: bytes) -> None:
        room = self.largest - len(self._body)
        self.cut = self.cut or len(part) > room
        self._body += part[:room]

    def on_message_complete(self) -> None:
        if self._status < 200:
            # "100 Continue" and the like: the answer is still to come.
            self._headers.clear()
            return
        self.whole = True
        self.keeps_open = self._parser.should_keep_alive()
