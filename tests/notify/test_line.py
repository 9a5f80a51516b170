"""A connection to a provider: every kind of answer HTTP allows is read whole, and what is none is said to be none."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from services.notify.sending.line import BrokenLine, Line, Reply

HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"


def answered(
    parts: list[bytes], *, stay: bool = True, largest: int = 1000, patience: float = 20.0
) -> tuple[Reply, Line]:
    """Send a request to a server that answers with `parts`, a moment apart, and then stays or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line.open(urlsplit(f"http://127.0.0.1:{server.getsockname()[1]}"), None, 5)
        theirs, _ = server.accept()

        def answer() -> None:
            with theirs:
                theirs.recv(1000)
                for part in parts:
                    theirs.sendall(part)
                    done.wait(0.02)
                if stay:
                    done.wait(30)

        done = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            line.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 5)
            return line.receive(time.monotonic() + patience, largest), line
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    ("parts", "stay", "reusable"),
    [
        ([HEAD + b"Content-Length: 4\r\n\r\nbody"], True, True),
        ([HEAD[:9], HEAD[9:30], HEAD[30:] + b"Content-Length: 4\r\n\r\nbo", b"dy"], True, True),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n", b"2\r\ndy\r\n0\r\n\r\n"], True, True),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 4\r\n\r\nbody"], True, True),
        ([HEAD + b"Connection: close\r\nContent-Length: 4\r\n\r\nbody"], True, False),
        ([HEAD + b"\r\nbo", b"dy"], False, False),
    ],
)
def test_a_whole_answer_is_read(parts: list[bytes], stay: bool, reusable: bool) -> None:
    reply, line = answered(parts, stay=stay)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (201, b"body", "7")
    assert line.reusable is reusable


@pytest.mark.parametrize(
    ("parts", "stay"),
    [
        ([b"SSH-2.0-OpenSSH\r\n"], True),
        ([HEAD + b"Content-Length: 40\r\n\r\nbody"], False),
        ([HEAD], False),
        ([], False),
        ([b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000], True),
    ],
)
def test_what_is_no_whole_answer_breaks_the_line(parts: list[bytes], stay: bool) -> None:
    with pytest.raises((BrokenLine, ConnectionError)):
        answered(parts, stay=stay)


def test_an_answer_that_trickles_past_the_deadline_is_a_timeout_and_one_without_end_is_cut() -> None:
    with pytest.raises(TimeoutError):
        answered([HEAD + b"Content-Length: 400\r\n\r\n", *[b"x"] * 60], patience=0.3)
    reply, line = answered([HEAD + b"Content-Length: 400000\r\n\r\n", b"x" * 5000], largest=1000)
    assert (len(reply.body), line.reusable) == (1000, False)


@pytest.mark.fault("F31")
def test_what_was_not_taken_before_the_line_was_closed_never_arrives() -> None:
    """A text written before a STOP must not be delivered after it by a kernel that goes on repeating."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line.open(urlsplit(f"http://127.0.0.1:{server.getsockname()[1]}"), None, 5)
        theirs, _ = server.accept()
        with theirs:
            with pytest.raises(TimeoutError):
                line.send(b"x" * 50_000_000, 0.2)
            line.close()
            with pytest.raises(ConnectionResetError):
                while theirs.recv(1_000_000):
                    pass
