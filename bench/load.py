"""A closed-loop HTTP load: a fixed number of clients on loopback, each sending when its last answer came."""

import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
#: More than any server here answers, so that none is made while the clock runs.
MADE_A_SECOND = 2_000


@dataclass(frozen=True)
class Load:
    """What came of a load: rate in requests a second, latencies in milliseconds, answers by status."""

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    statuses: dict[int, int]
    seconds: float

    @property
    def good(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)


def http_request(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, host: str = LOOPBACK
) -> bytes:
    """Return the bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def closed_loop(
    port: int, next_request: Callable[[], bytes], *, clients: int = 8, seconds: float = 4.0
) -> Load:
    """Run `clients` against a port of this machine for `seconds`, each with every `clients`-th of the requests.

    `next_request` makes them before the clock starts: what a client costs is sending and reading, whatever it sends.
    """
    rounds = int(seconds * MADE_A_SECOND / clients)
    made = [[next_request() for _ in range(clients)] for _ in range(rounds)]
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    start = threading.Barrier(clients + 1)
    ends = [0.0]
    lock = threading.Lock()

    def client(number: int) -> None:
        own: list[float] = []
        seen: Counter[int] = Counter()
        connection = _Connection(port)
        mine = iter([of_each[number] for of_each in made])
        start.wait()
        while time.perf_counter() < ends[0]:
            request = next(mine, None) or next_request()
            began = time.perf_counter()
            status = connection.exchange(request)
            seen[status] += 1
            if status:
                own.append(time.perf_counter() - began)
        connection.close()
        with lock:
            latencies.extend(own)
            statuses.update(seen)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    ends[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return summary(latencies, dict(statuses), took)


def each_once(port: int, requests: Sequence[bytes], *, clients: int = 8) -> Load:
    """Send each of the requests once, `clients` of them at a time, each client the next when its last was answered."""
    waiting = iter(requests)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def client() -> None:
        connection = _Connection(port)
        while True:
            with lock:
                request = next(waiting, None)
            if request is None:
                break
            began = time.perf_counter()
            status = connection.exchange(request)
            took = time.perf_counter() - began
            with lock:
                statuses[status] += 1
                latencies.append(took)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return summary(latencies, dict(statuses), time.perf_counter() - began)


def paced(
    port: int, next_request: Callable[[], bytes], *, rate: float, count: int, clients: int
) -> list[tuple[float, bytes]]:
    """Send `count` requests at `rate` a second, late ones at once; return (perf_counter, body) of each 2xx answer."""
    answered: list[tuple[float, bytes]] = []
    begin = time.perf_counter() + 0.05

    def client(own: int) -> None:
        connection = _Connection(port)
        for number in range(own, count, clients):
            request = next_request()
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            status = connection.exchange(request)
            if 200 <= status < 300:
                answered.append((time.perf_counter(), connection.body))
        connection.close()

    threads = [threading.Thread(target=client, args=(own,)) for own in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


def summary(latencies: list[float], statuses: dict[int, int], took: float) -> Load:
    """Return the `Load` of these latencies (seconds)."""
    if len(latencies) < 2:
        raise RuntimeError("too few answers to say anything")
    cuts = statistics.quantiles(latencies, n=100)
    return Load(len(latencies) / took, cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000, statuses, took)


class _Connection:
    """One keep-alive connection, reopened when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.body = b""
        self._socket: socket.socket | None = None
        self._buffer = b""

    def exchange(self, request: bytes) -> int:
        """Send `request`, read the whole answer, return its status; 0 when the connection broke."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection((LOOPBACK, self._port), timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._buffer = b""
            self._socket.sendall(request)
            head = self._read_until(b"\r\n\r\n")
            status = int(head[9:12])
            lowered = head.lower()
            if b"content-length:" in lowered:
                length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
                self.body = self._read(length)
            if b"connection: close" in lowered:
                self.close()
            return status
        except (OSError, ValueError):
            self.close()
            return 0

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(mark)
        return head + b"\r\n"

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        read, self._buffer = self._buffer[:count], self._buffer[count:]
        return read

    def _more(self) -> None:
        assert self._socket is not None
        received = self._socket.recv(65_536)
        if not received:
            raise OSError("closed")
        self._buffer += received

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
