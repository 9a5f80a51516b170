"""Every fault switch of the carrier does what it says, no more, and the log tells which sends were taken."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.faults import BadFaultError, FaultBook
from tests.local.standins import (
    ACCOUNT,
    CLINIC,
    TOKEN,
    Receiver,
    Running,
    carrier_environment,
    receiver,
    running,
    until,
)

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def process(hooks: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("carrier") / "log.jsonl"
    with running("local.carrier", carrier_environment(log, hooks.url("/inbound"))) as one:
        yield one


@pytest.fixture
def carrier(process: Running) -> Iterator[Running]:
    yield process
    process.client.delete("/carrier/faults")


def switch(carrier: Running, *faults: dict[str, Any]) -> None:
    answer = carrier.client.put("/carrier/faults", json={"faults": list(faults)})
    assert answer.status_code == 200, answer.text


def send(carrier: Running, to: str, callback: str | None = None, timeout: float = 10) -> httpx.Response:
    form = {"To": to, "From": CLINIC, "Body": "Your visit is tomorrow at 10:00."}
    if callback:
        form["StatusCallback"] = callback
    return carrier.client.post(PATH, data=form, auth=(ACCOUNT, TOKEN), timeout=timeout)


def taken(carrier: Running, to: str) -> int:
    found = carrier.client.get(PATH, params={"To": to}, auth=(ACCOUNT, TOKEN)).json()["messages"]
    return len(found)


@pytest.mark.parametrize(("mode", "kept"), [("error_500_before", 0), ("error_500_after", 1)])
def test_error_500_before_and_after_the_take(carrier: Running, mode: str, kept: int) -> None:
    to = f"+1816555012{kept}"
    switch(carrier, {"mode": mode})
    answer = send(carrier, to)
    assert (answer.status_code, answer.json()["code"]) == (500, 20500)
    assert taken(carrier, to) == kept


@pytest.mark.parametrize(("mode", "kept"), [("reset_before", 0), ("reset_after", 1)])
def test_reset_before_and_after_the_take(carrier: Running, mode: str, kept: int) -> None:
    to = f"+1816555013{kept}"
    switch(carrier, {"mode": mode})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        send(carrier, to)
    assert taken(carrier, to) == kept
    event = "answer"
    last = carrier.client.get("/carrier/log", params={"event": event, "fault": mode}).json()["events"][-1]
    assert (last["http_status"], last["outcome"]) == (None, "accepted" if kept else "dropped")


@pytest.mark.parametrize(("when", "kept_meanwhile"), [("before", 0), ("after", 1)])
def test_slow_replies_outlast_the_sender(carrier: Running, when: str, kept_meanwhile: int) -> None:
    to = f"+1816555014{kept_meanwhile}"
    switch(carrier, {"mode": "slow", "seconds": 1.5, "when": when})
    with pytest.raises(httpx.ReadTimeout):
        send(carrier, to, timeout=0.4)
    assert taken(carrier, to) == kept_meanwhile
    until(lambda: taken(carrier, to) == 1)


def test_rate_limit_names_the_wait(carrier: Running) -> None:
    switch(carrier, {"mode": "rate_429", "seconds": 7, "count": 2})
    answers = [send(carrier, "+18165550150") for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 201]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["code"] == 20429


def test_refused_connections_come_back_by_themselves(carrier: Running) -> None:
    switch(carrier, {"mode": "refuse", "seconds": 3})
    time.sleep(0.2)
    with pytest.raises((httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError)):
        send(carrier, "+18165550151")
    with pytest.raises(httpx.ConnectError):
        send(carrier, "+18165550151")

    def back() -> bool:
        try:
            return send(carrier, "+18165550151").status_code == 201
        except httpx.TransportError:
            return False

    until(back, 20)
    assert taken(carrier, "+18165550151") == 1


def test_look_up_can_be_down_while_sending_works(carrier: Running) -> None:
    switch(carrier, {"mode": "lookup_503"})
    sid = send(carrier, "+18165550152").json()["sid"]
    assert carrier.client.get(PATH, params={"To": "+18165550152"}, auth=(ACCOUNT, TOKEN)).status_code == 503
    one = carrier.client.get(PATH.replace(".json", f"/{sid}.json"), auth=(ACCOUNT, TOKEN))
    assert (one.status_code, one.json()["code"]) == (503, 20503)


def test_callbacks_doubled_reordered_withheld(carrier: Running, hooks: Receiver) -> None:
    url = hooks.url("/status?a=7")
    switch(carrier, {"mode": "callback_duplicate", "copies": 2})
    doubled = send(carrier, "+18165550153", url).json()["sid"]
    until(lambda: len(hooks.of(doubled)) == 6)
    switch(carrier, {"mode": "callback_reorder"})
    reordered = send(carrier, "+18165550154", url).json()["sid"]
    until(lambda: len(hooks.of(reordered)) == 3)
    assert [hook.fields["MessageStatus"] for hook in hooks.of(reordered)] == ["delivered", "sent", "queued"]
    switch(carrier, {"mode": "callback_never"})
    silent = send(carrier, "+18165550155", url).json()["sid"]
    one = PATH.replace(".json", f"/{silent}.json")
    until(lambda: carrier.client.get(one, auth=(ACCOUNT, TOKEN)).json()["status"] == "delivered")
    time.sleep(0.2)
    assert hooks.of(silent) == []


def test_callbacks_owed_can_be_dropped(carrier: Running, hooks: Receiver) -> None:
    """Or the next clinic that listens on this port would hear of the last one's texts."""
    hooks.statuses[:] = [503] * 20
    try:
        sid = send(carrier, "+18165550157", hooks.url("/status?a=9")).json()["sid"]
        until(lambda: len(hooks.of(sid)) == 2)
        assert carrier.client.delete("/carrier/callbacks").status_code == 204
        heard = len(hooks.of(sid))
        time.sleep(0.8)
        assert len(hooks.of(sid)) == heard
    finally:
        hooks.statuses.clear()


def test_callback_before_the_reply(carrier: Running, hooks: Receiver) -> None:
    switch(carrier, {"mode": "callback_before_reply"})
    sid = send(carrier, "+18165550156", hooks.url("/status?a=8")).json()["sid"]
    replied = time.time()
    assert hooks.of(sid)[0].at < replied
    until(lambda: [hook.fields["MessageStatus"] for hook in hooks.of(sid)] == ["sent", "delivered"])


@pytest.mark.parametrize(
    ("mode", "code", "statuses"),
    [("undelivered", 30005, ["sent", "undelivered"]), ("failed", 30007, ["failed"])],
)
def test_messages_that_do_not_arrive(
    carrier: Running, hooks: Receiver, mode: str, code: int, statuses: list[str]
) -> None:
    switch(carrier, {"mode": mode, "code": code, "to": "+18165550157"})
    lost = send(carrier, "+18165550157", hooks.url("/status?a=9")).json()["sid"]
    fine = send(carrier, "+18165550158", hooks.url("/status?a=10")).json()["sid"]
    until(lambda: [hook.fields["MessageStatus"] for hook in hooks.of(lost)] == statuses)
    assert hooks.of(lost)[-1].fields["ErrorCode"] == str(code)
    until(lambda: [hook.fields["MessageStatus"] for hook in hooks.of(fine)] == ["sent", "delivered"])


def test_several_faults_at_once_repeat_by_seed(carrier: Running) -> None:
    faults = (
        {"mode": "error_500_after", "probability": 0.2, "seed": 3},
        {"mode": "rate_429", "probability": 0.2, "seed": 4},
        {"mode": "slow", "probability": 0.5, "seed": 5, "seconds": 0.001},
    )

    def run(to: str) -> list[int]:
        switch(carrier, *faults)
        return [send(carrier, to).status_code for _ in range(60)]

    first = run("+18165550160")
    assert first == run("+18165550161")
    assert {201, 429, 500} == set(first)
    assert taken(carrier, "+18165550160") == first.count(201) + first.count(500)


def test_every_post_of_many_senders_is_on_file(carrier: Running) -> None:
    switch(
        carrier, {"mode": "error_500_before", "probability": 0.3}, {"mode": "reset_after", "probability": 0.2}
    )

    def one(number: int) -> None:
        with httpx.Client(base_url=carrier.client.base_url) as client:
            form = {"To": "+18165550170", "From": CLINIC, "Body": f"Text {number}"}
            try:
                client.post(PATH, data=form, auth=(ACCOUNT, TOKEN))
            except httpx.TransportError:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(80)))
    wanted = {"event": "post", "to": "+18165550170", "limit": "5000"}
    posts = carrier.client.get("/carrier/log", params=wanted).json()["events"]
    assert sorted(post["body"] for post in posts) == sorted(f"Text {number}" for number in range(80))


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"mode": "explode"}, "mode"),
        ({}, "mode"),
        ("slow", "object"),
        ({"mode": "slow", "probability": 2}, "probability"),
        ({"mode": "slow", "seconds": "long"}, "seconds"),
        ({"mode": "slow", "when": "later"}, "when"),
        ({"mode": "slow", "colour": 1}, "colour"),
        ({"mode": "slow", "to": 4}, "to"),
        ({"mode": "slow", "count": True}, "count"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_changes_nothing(
    carrier: Running, fault: Any, word: str
) -> None:
    switch(carrier, {"mode": "rate_429"})
    answer = carrier.client.put("/carrier/faults", json=[fault])
    assert answer.status_code == 422
    assert word in answer.json()["error"]
    assert [one["mode"] for one in carrier.client.get("/carrier/faults").json()["faults"]] == ["rate_429"]
    with pytest.raises(BadFaultError, match=word):
        FaultBook(["slow"]).replace(fault)
