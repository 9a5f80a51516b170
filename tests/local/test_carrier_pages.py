"""The phone pages: what a patient would see, a way to answer without scripts, nothing fetched from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.standins import (
    ACCOUNT,
    CLINIC,
    ROOT,
    TOKEN,
    Receiver,
    Running,
    carrier_environment,
    receiver,
    running,
    until,
)


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def carrier(hooks: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("carrier") / "log.jsonl"
    with running("local.carrier", carrier_environment(log, hooks.url("/inbound"))) as process:
        yield process


def send(carrier: Running, to: str, body: str) -> None:
    form = {"To": to, "From": CLINIC, "Body": body}
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert carrier.client.post(path, data=form, auth=(ACCOUNT, TOKEN)).status_code == 201


def test_a_text_is_read_and_answered_without_scripts(carrier: Running, hooks: Receiver) -> None:
    send(carrier, "+18165550121", "Visit <b>Tue</b> & 10:00. Reply C")
    assert "(816) 555-0121" in carrier.client.get("/phone").text
    page = carrier.client.get("/phone/18165550121").text
    assert "Visit &lt;b&gt;Tue&lt;/b&gt; &amp; 10:00. Reply C" in page
    for word in ("C", "R", "X", "STOP", "START", "HELP"):
        assert f'name="quick" value="{word}"' in page
    sent = carrier.client.post("/phone/18165550121", data={"quick": "C", "body": ""})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/phone/18165550121#newest")
    until(lambda: any(h.fields["From"] == "+18165550121" and h.fields["Body"] == "C" for h in hooks.hooks))
    carrier.client.post("/phone/18165550121", data={"body": "Can I come at 3?"})
    messages = carrier.client.get("/phone/api/messages", params={"phone": "+18165550121"}).json()["messages"]
    assert [one["body"] for one in messages] == ["Visit <b>Tue</b> & 10:00. Reply C", "C", "Can I come at 3?"]
    assert "Can I come at 3?" in carrier.client.get("/phone/18165550121/messages").text


def test_pages_ask_nothing_of_another_host(carrier: Running) -> None:
    send(carrier, "+18165550122", "Hello")
    for path in (
        "/phone",
        "/phone/18165550122",
        "/carrier",
        "/phone/static/phone.css",
        "/phone/static/stand_in.css",
        "/phone/static/phone.js",
    ):
        answer = carrier.client.get(path)
        assert answer.status_code == 200, path
        assert not re.search(r"https?://", answer.text), path
        if "text/html" in answer.headers["Content-Type"]:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"


def test_finding_and_opening_phones(carrier: Running) -> None:
    send(carrier, "+18165550123", "Hello")
    assert "(816) 555-0123" in carrier.client.get("/phone", params={"q": "555 0123"}).text
    assert "No phone with that number" in carrier.client.get("/phone", params={"q": "5550999"}).text
    opened = carrier.client.get("/phone", params={"open": "(816) 555-0188"})
    assert opened.headers["Location"] == "/phone/18165550188"
    assert "No texts on this phone yet" in carrier.client.get("/phone/18165550188").text
    assert carrier.client.get("/phone/12").status_code == 404
    assert carrier.client.get("/phone/../../etc").status_code == 404
    assert carrier.client.get("/phone/static/..%2Fserver.py").status_code == 404


def test_other_sites_cannot_reply_or_switch(carrier: Running) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/phone/18165550124", "/phone/api/reply", "/carrier/faults/add", "/carrier/faults/clear"):
        assert carrier.client.post(path, data={"body": "STOP"}, headers=foreign).status_code == 403
    assert carrier.client.put("/carrier/faults", json=[], headers=foreign).status_code == 403


def test_fault_page_switches_on_and_off(carrier: Running) -> None:
    form = {"mode": "rate_429", "probability": "0.5", "seconds": "2", "to": "+18165550125", "count": ""}
    assert carrier.client.post("/carrier/faults/add", data=form).status_code == 303
    (fault,) = carrier.client.get("/carrier/faults").json()["faults"]
    assert (fault["mode"], fault["probability"], fault["to"]) == ("rate_429", 0.5, "+18165550125")
    assert "only +18165550125" in carrier.client.get("/carrier").text
    bad = carrier.client.post("/carrier/faults/add", data={"mode": "slow", "seconds": "soon"})
    assert "Not switched on" in carrier.client.get(bad.headers["Location"]).text
    carrier.client.post("/carrier/faults/clear")
    assert "Healthy" in carrier.client.get("/carrier").text


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"body": "C"}', 400), (b'{"from": "", "body": "C"}', 400)],
)
def test_a_bad_reply_request_is_refused(carrier: Running, body: bytes, status: int) -> None:
    assert carrier.client.post("/phone/api/reply", content=body).status_code == status


def test_malformed_requests_are_refused_and_the_carrier_lives_on(carrier: Running) -> None:
    import socket

    for raw in (
        b"NONSENSE\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 40_000,
    ):
        with socket.create_connection(("127.0.0.1", carrier.ports[0]), 5) as client:
            client.sendall(raw)
            assert client.recv(100).split()[1][:1] == b"4"
    with socket.create_connection(("127.0.0.1", carrier.ports[0]), 5) as client:
        client.sendall(b"GET /live HTTP/1.1\r\n\r\n" * 2 + b"GET /live HTTP/1.1\r\nConnection: close\r\n\r\n")
        whole = b""
        while piece := client.recv(4096):
            whole += piece
        assert whole.count(b"200 OK") == 3
    assert carrier.client.get("/ready").status_code == 200


@pytest.mark.parametrize(
    "missing", ["CARRIER_ACCOUNT_SID", "CARRIER_AUTH_TOKEN", "CARRIER_FROM", "CARRIER_LOG"]
)
def test_a_missing_setting_is_named_in_one_sentence(
    missing: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = carrier_environment(tmp_path_factory.mktemp("none") / "log.jsonl")
    del environment[missing]
    run = subprocess.run(
        [sys.executable, "-m", "local.carrier"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert missing in run.stderr
    assert "Traceback" not in run.stderr


def test_a_busy_port_is_one_sentence(carrier: Running, tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = carrier_environment(
        tmp_path_factory.mktemp("busy") / "log.jsonl", CARRIER_PORT=str(carrier.ports[0])
    )
    run = subprocess.run(
        [sys.executable, "-m", "local.carrier"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert str(carrier.ports[0]) in run.stderr
    assert "Traceback" not in run.stderr
    assert httpx.get(f"http://127.0.0.1:{carrier.ports[0]}/live").status_code == 200


def test_a_broken_log_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("not a log\n")
    environment = carrier_environment(tmp_path / "log.jsonl")
    run = subprocess.run(
        [sys.executable, "-m", "local.carrier"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "move it away" in run.stderr
    assert "Traceback" not in run.stderr
