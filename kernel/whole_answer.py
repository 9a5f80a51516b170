"""A limit on a whole answer: httpx's own timeouts are about one read each, and one byte in time keeps them content.

A sick service can drip an answer, head included, for hours, and hold a worker of ours with every one of them.
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import httpcore
import httpx

_until = threading.local()


@contextmanager
def whole_answer_within(seconds: float) -> Iterator[None]:
    """Let reads of this thread's connections time out (`httpx.ReadTimeout`) when `seconds` in all are over."""
    _until.at = time.monotonic() + seconds
    try:
        yield
    finally:
        del _until.at


def timed_transport(limits: httpx.Limits) -> httpx.HTTPTransport:
    """Return httpx's own transport over connections that heed `whole_answer_within`."""
    authorities = _authorities()
    transport = httpx.HTTPTransport(verify=authorities, limits=limits, trust_env=False)
    transport.close()
    transport._pool = httpcore.ConnectionPool(
        ssl_context=authorities,
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        network_backend=_TimedBackend(),
    )
    return transport


@lru_cache
def _authorities() -> ssl.SSLContext:
    """httpx's own, read once a process: its file of authorities takes 20 ms, and two clients read it twice each."""
    return httpx.create_ssl_context(trust_env=False)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        until = getattr(_until, "at", None)
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise httpcore.ReadTimeout("the whole answer took too long")
            timeout = left if timeout is None else min(timeout, left)
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _TimedBackend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))
