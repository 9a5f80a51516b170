"""The proxy itself: one task a client connection, requests on it one after another, bodies as they come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from local.gateway import pages
from local.gateway.heads import (
    HEAD_BYTES,
    Answer,
    BadHead,
    Body,
    Request,
    header,
    read_answer,
    read_request,
    write_answer,
    write_request,
)
from local.gateway.places import IN_HAND, Places, client_address, who_shares
from local.gateway.routes import upstream_for

HEAD_SECONDS = 20.0
IDLE_SECONDS = 60.0
ANSWER_SECONDS = 60.0
CONNECT_PATIENCE_SECONDS = 5.0
BODY_BYTES = 30 * 1024 * 1024
PIECE = 64 * 1024
CLIENTS = 512
DISCARDED_BYTES = 256 * 1024
IDLE_UPSTREAMS = 16

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
OwnAnswer = Callable[[Request], Awaitable[bytes | None]]


class UpstreamAway(Exception):
    """A service did not take or finish the request; `sent` tells whether it may have acted on it."""

    def __init__(self, sent: bool) -> None:
        super().__init__("sent" if sent else "not sent")
        self.sent = sent


class Proxy:
    """Routes requests. `ports` maps names to loopback ports; `own` answers what no service does.

    `proxies` are the addresses of the clinic's own proxies in front, whose word for where a request came from is taken.
    """

    def __init__(
        self,
        ports: Mapping[str, int],
        own: OwnAnswer,
        hosts: frozenset[str],
        in_hand: int = IN_HAND,
        proxies: frozenset[str] = frozenset(),
    ) -> None:
        self._ports = ports
        self._own = own
        self._hosts = hosts
        self._idle: dict[str, list[Stream]] = {name: [] for name in ports}
        self._clients = 0
        self._places = Places(in_hand)
        self._proxies = proxies

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one client connection until either side ends it."""
        self._clients += 1
        try:
            if self._clients > CLIENTS:
                writer.write(self._refusal(503, "Try again in a moment.", None))
                return
            while await self._one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._clients -= 1
            with suppress(ConnectionError, TimeoutError, OSError):
                await asyncio.wait_for(writer.drain(), 5)
            writer.close()

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await _read_head(reader)
            if head is None:
                return False
            request = read_request(head)
            self._check_host(request)
        except BadHead as error:
            writer.write(self._refusal(error.status, f"{error}.", None))
            return False
        if request.body.length > BODY_BYTES:
            writer.write(self._refusal(413, "Nothing was stored.", request))
            return False
        name = upstream_for(request.path)
        if name is None or name not in self._ports:
            return await self._answer_self(request, reader, writer)
        client = who_shares(self._client(request, writer))
        if not self._places.take(name, client):
            return await self._turn_away(request, reader, writer)
        try:
            return await self._forward(name, request, (reader, writer))
        finally:
            self._places.give_back(name, client)

    def _client(self, request: Request, writer: asyncio.StreamWriter) -> str:
        peer = writer.get_extra_info("peername") or ("127.0.0.1",)
        return client_address(str(peer[0]), request.headers, self._proxies)

    async def _turn_away(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if not request.body.chunked and 0 < request.body.length <= DISCARDED_BYTES:
            # To end a connection with unread bytes would reset it, and the answer with it.
            await asyncio.wait_for(reader.readexactly(request.body.length), HEAD_SECONDS)
        said = "Very many people ask at this moment. Nothing you sent was stored. Try again in a few seconds."
        writer.write(self._refusal(503, said, request))
        return False

    async def _answer_self(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if not request.body.empty or request.method not in (b"GET", b"HEAD"):
            writer.write(self._refusal(405 if request.path == "/" else 404, "Nothing was stored.", request))
            return False
        answer = await self._own(request)
        if answer is None:
            answer = pages.answer(404, *_worded(request, 404, "Start again from the first page."))
        if request.method == b"HEAD":
            answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        writer.write(answer)
        await writer.drain()
        return request.keeps_alive

    async def _forward(self, name: str, request: Request, client: Stream) -> bool:
        began: list[Answer] = []
        try:
            return await self._exchange(name, request, client, began)
        except (UpstreamAway, BadHead, ConnectionError, asyncio.IncompleteReadError, TimeoutError) as error:
            if began:  # the client has half an answer: ending the connection is the only honest sign left
                return False
            if isinstance(error, BadHead) and error.status != 502:
                client[1].write(self._refusal(error.status, f"{error}.", request))
                return False
            sent = not isinstance(error, UpstreamAway) or error.sent
            said = (
                "It stopped while it was answering, so what you sent may or may not be kept. Look before sending again."
                if sent and request.method not in (b"GET", b"HEAD")
                else "Nothing you sent was stored. Try again in a few seconds."
            )
            client[1].write(self._refusal(502, said, request))
            return False

    async def _exchange(self, name: str, request: Request, client: Stream, began: list[Answer]) -> bool:
        public_host = header(request.headers, b"host")
        head = write_request(request, self._client(request, client[1]), public_host)
        # An idle connection may be closed under us; only what may be sent twice is risked on one.
        safe = request.method in (b"GET", b"HEAD") and request.body.empty
        upstream, fresh = await self._connect(name, reuse=safe)
        sending: asyncio.Task[None] | None = None
        try:
            upstream[1].write(head)
            if not request.body.empty:
                sending = asyncio.create_task(_copy_request_body(client[0], upstream[1], request.body))
            try:
                answer = await self._read_answer(upstream[0], request, client[1])
            except (ConnectionError, asyncio.IncompleteReadError, UpstreamAway):
                if sending is not None and sending.done():
                    sending.result()  # a malformed body is the client's fault, not the service's
                if fresh or not safe:
                    raise UpstreamAway(sent=True) from None
                upstream[1].close()
                upstream, _ = await self._connect(name, reuse=False)
                upstream[1].write(head)
                answer = await self._read_answer(upstream[0], request, client[1])
            sent_whole = sending is None or (sending.done() and sending.exception() is None)
            keep = request.keeps_alive and sent_whole and not answer.body.until_close
            began.append(answer)
            client[1].write(write_answer(answer, keep))
            await _copy_body(upstream[0], client[1], answer.body)
        except BaseException:
            upstream[1].close()
            raise
        finally:
            if sending is not None:
                sending.cancel()
        if answer.keeps_alive and sent_whole and len(self._idle[name]) < IDLE_UPSTREAMS:
            self._idle[name].append(upstream)
        else:
            upstream[1].close()
        return keep

    async def _read_answer(
        self, reader: asyncio.StreamReader, request: Request, client: asyncio.StreamWriter
    ) -> Answer:
        while True:
            head = await asyncio.wait_for(_read_until_blank(reader), ANSWER_SECONDS)
            if head is None:
                raise UpstreamAway(sent=True)
            answer = read_answer(head, request.method)
            if answer.status != 100:
                return answer
            client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _connect(self, name: str, *, reuse: bool) -> tuple[Stream, bool]:
        """Return a connection and whether it is new. A service that is starting again is given a few seconds."""
        while reuse and self._idle[name]:
            stream = self._idle[name].pop()
            if not stream[0].at_eof() and not stream[1].is_closing():
                return stream, False
            stream[1].close()
        deadline = asyncio.get_running_loop().time() + CONNECT_PATIENCE_SECONDS
        while True:
            try:
                return await asyncio.open_connection(
                    "127.0.0.1", self._ports[name], limit=HEAD_BYTES * 2
                ), True
            except OSError:
                if asyncio.get_running_loop().time() > deadline:
                    raise UpstreamAway(sent=False) from None
                await asyncio.sleep(0.1)

    def _check_host(self, request: Request) -> None:
        """Refuse names that are not ours: another site's page must not reach the clinic through a borrowed name."""
        host = header(request.headers, b"host").decode("latin-1").lower()
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        if name not in self._hosts and "*" not in self._hosts:
            raise BadHead(421, "open it as http://localhost with this port")

    def _refusal(self, status: int, said: str, request: Request | None) -> bytes:
        extra = [("Retry-After", "2")] if status in (502, 503) else []
        return pages.answer(status, *_worded(request, status, said), *extra, close=True)


def _worded(request: Request | None, status: int, said: str) -> tuple[str, bytes]:
    if request is not None and request.wants_json():
        return "application/problem+json", pages.problem(status, said)
    return "text/html; charset=utf-8", pages.error_page(status, said)


async def _read_head(reader: asyncio.StreamReader) -> bytes | None:
    """Return a request's head; None when the client has nothing more to ask."""
    try:
        first = await asyncio.wait_for(reader.read(1), IDLE_SECONDS)
    except TimeoutError:
        return None
    if not first:
        return None
    try:
        rest = await asyncio.wait_for(_read_until_blank(reader), HEAD_SECONDS)
    except TimeoutError:
        raise BadHead(408, "the request did not arrive in time") from None
    if rest is None:
        return None
    return first + rest


async def _read_until_blank(reader: asyncio.StreamReader) -> bytes | None:
    """Return what comes before an empty line; None when the connection ends first."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadHead(431, "the head is too large") from None
    if len(head) > HEAD_BYTES:
        raise BadHead(431, "the head is too large")
    return head[:-4]


async def _copy_request_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: Body) -> None:
    """Send the client's body on; when it breaks off or is malformed, the service must not act on a part of it."""
    try:
        await _copy_body(reader, writer, body, BODY_BYTES)
    except (BadHead, asyncio.IncompleteReadError):
        writer.transport.abort()
        raise
    except ConnectionError:
        return  # a service that refuses early stops reading; its answer says why


async def _copy_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: Body, most: int | None = None
) -> None:
    if body.chunked:
        await _copy_chunks(reader, writer, most)
    elif body.until_close:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    else:
        left = body.length
        while left:
            piece = await reader.read(min(left, PIECE))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            writer.write(piece)
            await writer.drain()
    await writer.drain()


async def _copy_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
    seen = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        digits = line[:-2].partition(b";")[0].strip()
        try:
            size = int(digits, 16) if digits and digits.isalnum() else -1
        except ValueError:
            size = -1
        seen += max(size, 0)
        if size < 0:
            raise BadHead(400, "the body is malformed")
        if most is not None and seen > most:
            raise BadHead(413, "the body is too large")
        writer.write(digits + b"\r\n")
        if size == 0:
            while (trailer := await reader.readuntil(b"\r\n")) != b"\r\n":
                del trailer  # trailers could smuggle headers past the checks above
            writer.write(b"\r\n")
            return
        while size:
            piece = await reader.read(min(size, PIECE))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(piece)
            writer.write(piece)
            await writer.drain()
        if await reader.readexactly(2) != b"\r\n":
            raise BadHead(400, "the body is malformed")
        writer.write(b"\r\n")
