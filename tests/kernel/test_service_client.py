"""Another service that answers with garbage, without end, or a byte at a time is a service that is away (FAULT-60)."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import text

from kernel.database import Database
from kernel.deliver import EventCourier
from kernel.service_client import LARGEST_ANSWER_BYTES, ServiceClient, ServiceUnavailable
from kernel.tokens import Tokens
from tests.kernel.test_deliver import opted_out

HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
PATIENCE = 0.4


def answer(body: bytes, status: int = 200) -> bytes:
    return HEAD % (status, len(body)) + body


@contextmanager
def sick_service(head: bytes, drip: bytes = b"", each: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """A service that answers every request with `head`, then `drip` for ever, waiting `each` seconds in between."""
    server = socket.create_server(("127.0.0.1", 0))
    over, asked = threading.Event(), list[bytes]()

    def talk(line: socket.socket) -> None:
        with line, suppress(OSError):
            asked.append(line.recv(65_536))
            line.sendall(head)
            if not head:
                over.wait()
            while drip and not over.wait(each):
                line.sendall(drip)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
    finally:
        over.set()
        server.close()


CASES = {
    "a proxy's page": ("not_readable", answer(b"<html>502 Bad Gateway</html>", 502), b"", 0.0),
    "a page called fine": ("not_readable", answer(b"<html>Welcome</html>"), b"", 0.0),
    "half a document": ("not_readable", answer(b'{"items": [1, 2'), b"", 0.0),
    "no text at all": ("not_readable", answer(b"\xff\xfe\x00{"), b"", 0.0),
    "a hundred thousand brackets": ("not_readable", answer(b"[" * 100_000), b"", 0.0),
    "another protocol": ("not_readable", b"220 mail.example.test ESMTP\r\n\r\n", b"", 0.0),
    "a body that is cut off": ("not_readable", HEAD % (200, 500) + b"{}", b"", 0.0),
    "no end": (
        "too_large",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[",
        b"1," * 500_000,
        0.0,
    ),
    "a body a byte at a time": ("too_slow", HEAD % (200, 500), b" ", PATIENCE / 4),
    "a head a byte at a time": ("no_answer", b"HTTP/1.1 200 OK\r\nX: ", b"x", PATIENCE / 4),
    "nothing": ("no_answer", b"", b"", 0.0),
}


@pytest.mark.fault("F60")
@pytest.mark.parametrize("name", CASES)
def test_what_is_no_answer_is_a_service_away_within_a_bound(
    two_services: dict[str, Tokens], name: str
) -> None:
    why, head, drip, each = CASES[name]
    with sick_service(head, drip, each) as (address, _):
        client = ServiceClient(two_services["alpha"], {"beta": address}, timeout_seconds=PATIENCE)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable) as caught:
            client.call("beta", "GET", "/api/beta/v1/things")
        took = time.monotonic() - began
    assert caught.value.why == why
    assert "beta service" in str(caught.value)
    # Dripping is cut off after twice the patience; the rest is room for a busy machine.
    assert took < 2 * PATIENCE + 5


def test_a_large_answer_below_the_limit_is_read_whole(two_services: dict[str, Tokens]) -> None:
    body = b'"' + b"x" * (LARGEST_ANSWER_BYTES - 2) + b'"'
    with sick_service(answer(body)) as (address, _):
        client = ServiceClient(two_services["alpha"], {"beta": address})
        found = client.call("beta", "GET", "/api/beta/v1/things")
    assert (found.status, len(found.body)) == (200, LARGEST_ANSWER_BYTES - 2)


def test_the_environment_has_no_say_in_whose_certificates_count(
    two_services: dict[str, Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    with sick_service(answer(b"{}")) as (address, _):
        client = ServiceClient(two_services["alpha"], {"beta": address})
        assert client.call("beta", "GET", "/api/beta/v1/things").status == 200


@pytest.mark.fault("F60")
def test_an_event_for_a_sick_listener_is_kept_and_the_others_do_not_wait_for_it(
    kernel_database: Database, two_services: dict[str, Tokens]
) -> None:
    """A page with status 200 is no receipt of the event; and one task asks a listener that is away once."""
    for _ in range(3):
        opted_out(kernel_database)
    with kernel_database.transaction() as session:
        listeners = set(session.scalars(text("SELECT listener FROM event_delivery")))
        first = session.scalars(text("SELECT id FROM event_delivery ORDER BY id")).first()
    assert first is not None
    with sick_service(answer(b"<html>Welcome</html>")) as (address, asked):
        client = ServiceClient(two_services["alpha"], dict.fromkeys(listeners, address), PATIENCE)
        EventCourier("alpha", kernel_database, client, "w1").deliver(first)
    assert len(asked) == len(listeners)
    with kernel_database.transaction() as session:
        rows = session.execute(text("SELECT state, last_error, refusals FROM event_delivery")).all()
    assert {tuple(row) for row in rows} == {("due", "not_readable", 0)}
