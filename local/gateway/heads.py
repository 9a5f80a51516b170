"""HTTP/1.1 heads: read strictly, rewritten for the other side. What two parsers could read in two ways is refused."""

import re
from dataclasses import dataclass

HEAD_BYTES = 16 * 1024
HEADER_COUNT = 100

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
REQUEST_LINE = re.compile(rb"([A-Z]{3,20}) (/[!-~]{0,8190}) HTTP/1\.([01])\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\Z")
DIGITS = re.compile(rb"[0-9]{1,15}\Z")

# They describe one connection, not the message.
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"upgrade",
    b"proxy-authorization",
}
# Only we say where a request came from.
OURS = {b"forwarded", b"x-real-ip", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host",
        b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-server", b"x-forwarded-by"}  # fmt: skip

Headers = list[tuple[bytes, bytes]]


class BadHead(Exception):
    """The head cannot be accepted; `status` is what to answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Body:
    """How a message's body is delimited: a length, chunks, or (answers only) the end of the connection."""

    length: int = 0
    chunked: bool = False
    until_close: bool = False

    @property
    def empty(self) -> bool:
        return not (self.length or self.chunked or self.until_close)


@dataclass(frozen=True)
class Request:
    """A request's head."""

    method: bytes
    target: bytes
    minor: int
    headers: Headers
    body: Body

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("ascii")

    @property
    def keeps_alive(self) -> bool:
        said = header(self.headers, b"connection").lower()
        return b"close" not in said and (self.minor == 1 or b"keep-alive" in said)

    def wants_json(self) -> bool:
        return self.path.startswith("/api/") or b"json" in header(self.headers, b"accept")


@dataclass(frozen=True)
class Answer:
    """An answer's head."""

    status: int
    line: bytes
    headers: Headers
    body: Body

    @property
    def keeps_alive(self) -> bool:
        said = header(self.headers, b"connection").lower()
        return self.line.startswith(b"HTTP/1.1") and b"close" not in said and not self.body.until_close


def header(headers: Headers, name: bytes) -> bytes:
    """Return the value of the first header called `name` (lower case); b"" when absent."""
    return next((value for key, value in headers if key.lower() == name), b"")


def read_request(head: bytes) -> Request:
    """Read a request's head (without the empty line); raises `BadHead`."""
    first, *lines = head.split(b"\r\n")
    match = REQUEST_LINE.match(first)
    if match is None:
        raise BadHead(414 if len(first) > 8000 else 400, "the request line is not HTTP/1.1")
    headers = _read_headers(lines, 400)
    if sum(key.lower() == b"host" for key, _ in headers) != 1 and match[3] == b"1":
        raise BadHead(400, "one Host header is needed")
    return Request(match[1], match[2], int(match[3]), headers, _body(headers, 400) or Body())


def read_answer(head: bytes, method: bytes) -> Answer:
    """Read an answer's head to a request of `method`; raises `BadHead`."""
    first, *lines = head.split(b"\r\n")
    match = STATUS_LINE.match(first)
    if match is None:
        raise BadHead(502, "the service's status line is not HTTP/1.1")
    headers = _read_headers(lines, 502)
    status = int(match[1])
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return Answer(status, first, headers, Body())
    return Answer(status, first, headers, _body(headers, 502) or Body(until_close=True))


def write_request(request: Request, peer: str, public_host: bytes) -> bytes:
    """Return the head sent on to a service: hop-by-hop headers and claims about the origin replaced by ours."""
    kept = [(key, value) for key, value in request.headers if _goes_on(key, request.headers, OURS)]
    kept += [
        (b"X-Forwarded-For", peer.encode("ascii", "replace")),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Host", public_host),
        (b"Connection", b"keep-alive"),
    ]
    return _write(request.method + b" " + request.target + b" HTTP/1.1", kept)


def write_answer(answer: Answer, keep_alive: bool) -> bytes:
    """Return the head sent back to the client."""
    kept = [(key, value) for key, value in answer.headers if _goes_on(key, answer.headers, set())]
    kept.append((b"Connection", b"keep-alive" if keep_alive else b"close"))
    return _write(b"HTTP/1.1" + answer.line[8:], kept)


def _goes_on(name: bytes, headers: Headers, dropped: set[bytes]) -> bool:
    key = name.lower()
    named = {part.strip().lower() for part in header(headers, b"connection").split(b",")}
    # A hyphen and an underscore are one character to a WSGI server, so both spellings are claims about the origin.
    return key not in HOP_BY_HOP and key not in named and key.replace(b"_", b"-") not in dropped


def _write(first: bytes, headers: Headers) -> bytes:
    return first + b"\r\n" + b"".join(key + b": " + value + b"\r\n" for key, value in headers) + b"\r\n"


def _read_headers(lines: list[bytes], status: int) -> Headers:
    if len(lines) > HEADER_COUNT:
        raise BadHead(431 if status == 400 else status, "too many headers")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t")
        if (
            not colon
            or not TOKEN.match(name)
            or any((byte < 32 and byte != 9) or byte == 127 for byte in value)
        ):
            raise BadHead(status, "a header is malformed")
        headers.append((name, value))
    return headers


def _body(headers: Headers, status: int) -> Body | None:
    lengths = [value for key, value in headers if key.lower() == b"content-length"]
    codings = [value.lower() for key, value in headers if key.lower() == b"transfer-encoding"]
    if codings:
        if lengths or codings != [b"chunked"]:
            raise BadHead(status, "the body's length is ambiguous")
        return Body(chunked=True)
    if not lengths:
        return None
    if len(lengths) > 1 or not DIGITS.match(lengths[0]):
        raise BadHead(status, "the body's length is malformed")
    return Body(length=int(lengths[0]))
