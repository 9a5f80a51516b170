"""The gateway in front of real upstream servers: routing, honest origins, bodies, restarts, refusals."""

import asyncio
import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.gateway.places import IN_HAND
from local.gateway.server import Gateway
from tests.servers import LOOK_UP_SECONDS, free_port


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"
    # A request for /intake/slow is let go on by the test.
    waiting = threading.Semaphore(0)
    go_on = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/intake/broken":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.close_connection = True
            return
        if self.path == "/intake/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"one", b"two", b"three"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        if self.path == "/intake/slow":
            Echo.waiting.release()
            assert Echo.go_on.wait(30)
            self._say({})
            return
        if self.path == "/ready":
            self._say({"status": "ready"})
            return
        self._say({"path": self.path, "headers": dict(self.headers.items())})

    def do_POST(self) -> None:
        if self.path == "/intake/die":
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._say({"path": self.path, "length": len(body), "headers": dict(self.headers.items())})

    def _say(self, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Running:
    """A gateway in a thread, its upstreams beside it."""

    def __init__(self, folder: Path, in_hand: int = IN_HAND, proxies: frozenset[str] = frozenset()) -> None:
        self.upstream = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        self.upstream.daemon_threads = True
        port = self.upstream.server_address[1]
        self.away = free_port()
        assets = folder / "node_modules" / "@uswds" / "uswds" / "dist" / "css"
        assets.mkdir(parents=True)
        (assets / "uswds.min.css").write_text("body { color: black }\n" * 200)
        (folder / "secret.txt").write_text("not to be served")
        facts = folder / "facts.json"
        facts.write_text(
            json.dumps({"staff": [{"role": "nurse", "email": "a@example.test", "password": "<pw>"}]})
        )
        names = ("intake", "referral", "dashboard", "carrier", "mailbox")
        self.gateway = Gateway(
            0,
            {**dict.fromkeys(names, port), "notify": self.away},
            folder / "node_modules",
            facts,
            in_hand=in_hand,
            proxies=proxies,
        )
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> "Running":
        threading.Thread(target=self.upstream.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True).start()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self.gateway.start(), self.loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.upstream.shutdown()

    async def _stop(self) -> None:
        self.gateway.stop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        source: str = "",
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask, from the loopback address `source` when it is given."""
        connection = http.client.HTTPConnection(
            "127.0.0.1" if source else "localhost",
            self.gateway.port,
            timeout=20,
            source_address=(source, 0) if source else None,
        )
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        found = (answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        connection.close()
        return found

    def raw(self, request: bytes) -> bytes:
        """Send bytes, return everything until the gateway closes."""
        with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=20) as client:
            client.sendall(request)
            got = b""
            while piece := client.recv(65536):
                got += piece
        return got


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("gateway")) as made:
        yield made


def test_paths_go_to_their_process_whole(running: Running) -> None:
    status, headers, body = running.ask("GET", "/staff/queue?state=open")
    assert status == 200
    assert json.loads(body)["path"] == "/staff/queue?state=open"
    assert headers["content-type"] == "application/json"


def test_a_name_that_only_begins_like_a_service_goes_nowhere(running: Running) -> None:
    assert running.ask("GET", "/intakes")[0] == 404
    assert running.ask("GET", "/events")[0] == 404, "events are between services"


def test_claims_about_the_origin_are_replaced(running: Running) -> None:
    claimed = {"X-Forwarded-For": "10.1.1.1", "Forwarded": "for=1.2.3.4", "X-Forwarded-Host": "evil.test",
               "X_Forwarded_For": "10.2.2.2", "X-Real-IP": "10.3.3.3"}  # fmt: skip
    sent = json.loads(running.ask("GET", "/intake/", headers=claimed)[2])["headers"]
    assert sent["X-Forwarded-For"] in ("127.0.0.1", "::1")
    assert sent["X-Forwarded-Host"] == f"localhost:{running.gateway.port}"
    assert sent["X-Forwarded-Proto"] == "http"
    assert "evil" not in json.dumps(sent)
    assert "10." not in json.dumps(sent)


def test_bodies_by_length_and_by_chunks_arrive_whole(running: Running) -> None:
    body = b"x" * 300_000
    assert json.loads(running.ask("POST", "/api/intake/v1/submissions", body)[2])["length"] == len(body)
    connection = http.client.HTTPConnection("localhost", running.gateway.port, timeout=20)
    connection.request("POST", "/api/intake/v1/x", iter([b"a" * 1000, b"b" * 2000]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert json.loads(connection.getresponse().read())["length"] == 3000
    assert running.ask("GET", "/intake/chunks")[2] == b"onetwothree"


def test_one_connection_serves_many_requests(running: Running) -> None:
    connection = http.client.HTTPConnection("localhost", running.gateway.port, timeout=20)
    connection.connect()
    first = connection.sock
    for number in range(20):
        connection.request(
            "POST" if number % 2 else "GET", f"/intake/{number}", b"{}" if number % 2 else None
        )
        assert json.loads(connection.getresponse().read())["path"] == f"/intake/{number}"
        assert connection.sock is first
    connection.close()


def test_two_cookies_stay_two_headers(running: Running) -> None:
    raw = running.raw(b"GET /intake/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert raw.lower().count(b"set-cookie:") == 2


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /intake/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421),
        (b"GET /intake/ HTTP/1.1\r\n\r\n", 400),
        (b"GET /intake/ HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        (
            b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (
            b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            400,
        ),
        (b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc", 400),
        (
            b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /intake/ HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (b"GET /intake/ HTTP/1.1\r\nHost: localhost\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"GET /intake/ HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n", 400),
        (b"GET http://localhost/intake/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /in take/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /intake/ HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /intake/ HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 120 + b"\r\n", 431),
        (b"GET /intake/ HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 40_000 + b"\r\n\r\n", 431),
        (b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(
    running: Running, request_bytes: bytes, status: int
) -> None:
    assert running.raw(request_bytes).startswith(b"HTTP/1.1 %d " % status)


def test_a_body_that_breaks_off_never_reaches_the_service_as_a_whole(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.gateway.port), timeout=20) as client:
        client.sendall(b"POST /intake/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
        client.shutdown(socket.SHUT_WR)
        assert not client.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_service_that_is_starting_again_is_waited_for(running: Running) -> None:
    class Once(Echo):
        protocol_version = "HTTP/1.0"

    def start_late() -> None:
        time.sleep(1.0)
        server = ThreadingHTTPServer(("127.0.0.1", running.away), Once)
        server.handle_request()
        server.server_close()

    threading.Thread(target=start_late, daemon=True).start()
    status, _, body = running.ask("POST", "/api/notify/v1/x", b"{}")
    assert status == 200, body


def test_a_service_that_stays_away_is_said_in_plain_words(running: Running) -> None:
    # Each is waited for as long as the gateway is patient: both at once.
    with ThreadPoolExecutor(2) as pool:
        sent = pool.submit(running.ask, "POST", "/hooks/sms/inbound", b"{}")
        asked = pool.submit(running.ask, "GET", "/api/notify/v1/messages")
    status, headers, body = sent.result()
    assert status == 502
    assert headers["retry-after"] == "2"
    assert b"Nothing you sent was stored" in body
    status, headers, body = asked.result()
    assert (status, headers["content-type"]) == (502, "application/problem+json")
    assert json.loads(body)["status"] == 502


def test_an_answer_that_never_came_is_not_called_nothing_stored(running: Running) -> None:
    status, _, body = running.ask("POST", "/intake/die", b"{}")
    assert status == 502
    assert b"may or may not be kept" in body


def test_half_an_answer_is_not_made_to_look_whole(running: Running) -> None:
    with pytest.raises(http.client.IncompleteRead):
        running.ask("GET", "/intake/broken")


def test_the_front_page_shows_the_demo_logins_escaped(running: Running) -> None:
    status, headers, body = running.ask("GET", "/")
    assert status == 200
    assert b"a@example.test" in body
    assert b"&lt;pw&gt;" in body
    assert "default-src 'self'" in headers["content-security-policy"]
    for target in (
        b'href="/intake"',
        b'href="/staff"',
        b'href="/phone"',
        b'href="/mail"',
        b"/api/intake/v1/openapi.json",
    ):
        assert target in body


def test_third_party_files_come_compressed_and_are_remembered(running: Running) -> None:
    path = "/intake/static/lib/uswds/css/uswds.min.css"
    status, headers, body = running.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    plain = running.ask("GET", path)[2]
    assert gzip.decompress(body) == plain
    assert running.ask("GET", path, headers={"If-None-Match": headers["etag"]})[0] == 304


@pytest.mark.parametrize(
    "path", ["/static/lib/uswds/../../../../secret.txt", "/static/lib/other/x.css", "/static/lib/uswds/css"]
)
def test_nothing_outside_the_served_folders_is_served(running: Running, path: str) -> None:
    assert running.ask("GET", path)[0] == 404


@pytest.mark.fault("F64")
def test_a_crowd_at_one_service_is_turned_away_at_once_and_everybody_else_is_answered(
    tmp_path: Path,
) -> None:
    """Ten times what one service may have in hand: the first are answered, the others told when to come again.

    One address has half of it at most while it is alone, so that there is room for others whatever it does.
    """
    most = 4
    one, second, third = "127.0.0.2", "127.0.0.3", "127.0.0.4"
    Echo.go_on.clear()
    with Running(tmp_path, most) as running:
        with ThreadPoolExecutor(most) as inside:
            let_in = []
            for source in (one, one, second, third):
                if source is second:
                    assert running.ask("GET", "/intake/slow", source=one)[0] == 503, "half is left for others"
                let_in.append(inside.submit(running.ask, "GET", "/intake/slow", source=source))
                assert Echo.waiting.acquire(timeout=30)
            as_json = {"Accept": "application/json", "Content-Type": "application/json"}
            for number in range(9 * most):
                body = b"x" * (number * 2_000)
                status, headers, said = running.ask("POST", "/api/intake/v1/submissions", body, as_json)
                assert (status, headers["retry-after"]) == (503, "2")
                assert json.loads(said)["status"] == 503
            status, headers, said = running.ask("GET", "/intake/slow")
            assert (status, headers["retry-after"]) == (503, "2")
            assert b"Nothing you sent was stored" in said
            # Staff have their own: one service's crowd takes nothing from another's.
            assert running.ask("GET", "/staff/today")[0] == 200
            assert not any(one.done() for one in let_in)
            Echo.go_on.set()
            assert [one.result(30)[0] for one in let_in] == [200] * most
        assert running.ask("POST", "/api/intake/v1/submissions", b"{}", as_json)[0] == 200, "it is over"


def test_ready_lists_each_part_and_is_503_until_all_are(running: Running) -> None:
    status, _, body = running.ask("GET", "/ready")
    parts = json.loads(body)["parts"]
    assert status == 503
    assert parts["intake"]["http_status"] == 200
    assert parts["notify"]["http_status"] is None


def test_the_gateways_own_pages_take_no_posts(running: Running) -> None:
    assert running.ask("POST", "/", b"{}")[0] == 405
    assert running.ask("POST", "/nowhere", b"{}")[0] == 404
