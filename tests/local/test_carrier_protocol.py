"""The carrier speaks the provider's protocol: driven by the provider's own SDK, and read by its own validator."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

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

TEXT = (
    "Prairie Crossing: visit Tue Nov 24 10:00 Leawood. Reply C to confirm, R to move, X if you cannot come."
)


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def carrier(hooks: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("carrier") / "log.jsonl"
    with running("local.carrier", carrier_environment(log, hooks.url("/inbound?v=1"))) as process:
        yield process


@pytest.fixture
def sdk(carrier: Running) -> Client:
    base = str(carrier.client.base_url).rstrip("/")

    class Local(TwilioHttpClient):  # type: ignore[misc]
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(
                method, base + "/2010-04-01" + url.split("/2010-04-01", 1)[1], *args, **kwargs
            )

    return Client(ACCOUNT, TOKEN, http_client=Local(timeout=5))


def send(carrier: Running, **changes: str | None) -> httpx.Response:
    form = {"To": "+18165550101", "From": CLINIC, "Body": TEXT} | changes
    return carrier.client.post(
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={name: value for name, value in form.items() if value is not None},
        auth=(ACCOUNT, TOKEN),
    )


def test_sdk_sends_and_finds_its_message(sdk: Client, hooks: Receiver) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    message = sdk.messages.create(to="+18165550111", from_=CLINIC, body=TEXT)
    assert message.sid.startswith("SM")
    assert len(message.sid) == 34
    assert message.status == "queued"
    assert message.num_segments == "1"
    until(lambda: sdk.messages(message.sid).fetch().status == "delivered")
    found = sdk.messages.list(to="+18165550111", date_sent_after=before, page_size=20)
    assert [(one.sid, one.body, one.direction) for one in found] == [(message.sid, TEXT, "outbound-api")]
    assert sdk.messages.list(to="+18165550111", date_sent_after=before + timedelta(hours=1)) == []
    assert sdk.messages.list(to="+18165550199") == []


def test_sdk_follows_pages_newest_first(sdk: Client) -> None:
    sids = [sdk.messages.create(to="+18165550112", from_=CLINIC, body=f"Text {n}").sid for n in range(7)]
    found = [one.sid for one in sdk.messages.list(to="+18165550112", page_size=3)]
    assert sorted(found) == sorted(sids)
    assert found[-1] == sids[0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": "12"}, 21211),
        ({"To": "+1816555"}, 21211),
        ({"To": None}, 21604),
        ({"From": None}, 21603),
        ({"From": "+19135550100"}, 21606),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "http://example.test/callback"}, 21609),
        ({"StatusCallback": "file:///etc/passwd"}, 21609),
    ],
)
def test_refusals_carry_the_providers_codes(
    carrier: Running, changes: dict[str, str | None], code: int
) -> None:
    answer = send(carrier, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_wrong_credentials_and_other_accounts_are_refused(carrier: Running, sdk: Client) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    for name, token in (("", ""), (ACCOUNT, "wrong"), ("ACother", TOKEN)):
        answer = carrier.client.post(
            path, data={"To": "+18165550101", "From": CLINIC, "Body": "x"}, auth=(name, token)
        )
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    other = carrier.client.get("/2010-04-01/Accounts/ACother/Messages.json", auth=(ACCOUNT, TOKEN))
    assert (other.status_code, other.json()["code"]) == (404, 20404)
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_callbacks_are_signed_as_the_provider_signs(carrier: Running, hooks: Receiver) -> None:
    url = hooks.url("/status?a=0190f0e0-0000-7000-8000-000000000001&b=%C3%A9")
    sid = send(carrier, StatusCallback=url).json()["sid"]
    until(lambda: len(hooks.of(sid)) == 2)
    validator = RequestValidator(TOKEN)
    seen = hooks.of(sid)
    assert [hook.fields["MessageStatus"] for hook in seen] == ["sent", "delivered"]
    for hook in seen:
        assert hook.url == url
        assert validator.validate(url, hook.fields, hook.signature)
        assert not validator.validate(url, hook.fields | {"MessageStatus": "failed"}, hook.signature)
        assert not validator.validate(url + "0", hook.fields, hook.signature)
        assert hook.fields["AccountSid"] == ACCOUNT
        assert hook.fields["To"] == "+18165550101"
        assert "ErrorCode" not in hook.fields


def test_reply_reaches_the_service_signed(carrier: Running, hooks: Receiver) -> None:
    reply = {"from": "+18165550113", "body": "Sí, allí estaré ☺", "num_media": 1, "wait": True}
    answer = carrier.client.post("/phone/api/reply", json=reply).json()
    assert answer["webhook_status"] == 204
    (hook,) = hooks.of(answer["sid"])
    assert RequestValidator(TOKEN).validate(hooks.url("/inbound?v=1"), hook.fields, hook.signature)
    assert hook.fields["Body"] == "Sí, allí estaré ☺"
    assert (hook.fields["From"], hook.fields["To"]) == ("+18165550113", CLINIC)
    assert hook.fields["NumMedia"] == "1"
    assert hook.fields["SmsStatus"] == "received"


def test_reply_is_told_again_until_the_service_takes_it(carrier: Running, hooks: Receiver) -> None:
    hooks.statuses[:] = [500, 503]
    answer = carrier.client.post(
        "/phone/api/reply", json={"from": "+18165550114", "body": "C", "wait": True}, timeout=20
    ).json()
    tries = hooks.of(answer["sid"])
    assert (len(tries), answer["webhook_status"]) == (3, 204)
    assert len({hook.token for hook in tries}) == 1
    hooks.statuses[:] = [403]
    refused = carrier.client.post(
        "/phone/api/reply", json={"from": "+18165550114", "body": "C", "wait": True}
    ).json()
    assert refused["webhook_status"] == 403
    assert len(hooks.of(refused["sid"])) == 1


def test_log_tells_arrival_and_outcome_of_every_post(carrier: Running) -> None:
    since = carrier.client.get("/carrier/log").json()["last"]
    started = time.time()
    sid = send(carrier, To="+18165550115").json()["sid"]
    send(carrier, To="nonsense")
    ended = time.time()
    events = carrier.client.get("/carrier/log", params={"since": since}).json()["events"]
    posts = [event for event in events if event["event"] == "post"]
    answers = {event["post"]: event for event in events if event["event"] == "answer"}
    assert [post["to"] for post in posts] == ["+18165550115", "nonsense"]
    assert [answers[post["n"]]["outcome"] for post in posts] == ["accepted", "refused"]
    assert answers[posts[0]["n"]]["sid"] == sid
    for post in posts:
        assert started <= datetime.fromisoformat(post["at"]).timestamp() <= ended
    only = carrier.client.get(
        "/carrier/log", params={"since": since, "event": "post", "to": "+18165550115"}
    ).json()["events"]
    assert len(only) == 1


def test_log_pages_over_its_index(carrier: Running) -> None:
    for number in range(500):
        send(carrier, To="+18165550116", Body=f"Text {number}")
    last = carrier.client.get("/carrier/log").json()["last"]
    seen: list[int] = []
    while not seen or seen[-1] < last:
        page = carrier.client.get(
            "/carrier/log", params={"since": seen[-1] if seen else 0, "limit": 400}
        ).json()
        seen += [event["n"] for event in page["events"]]
    assert seen[:last] == list(range(1, last + 1))


def test_killed_carrier_remembers(tmp_path: Path) -> None:
    environment = carrier_environment(tmp_path / "log.jsonl", CARRIER_CALLBACK_DELAY_MS="1000")
    with receiver() as hooks:
        with running("local.carrier", environment) as first:
            sid = send(first, StatusCallback=hooks.url("/status?a=1")).json()["sid"]
            first.kill()
        with (tmp_path / "log.jsonl").open("ab") as half:
            half.write(b'{"n":99,"at":"2026')
        with running("local.carrier", environment) as second:
            found = second.client.get(
                f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json", auth=(ACCOUNT, TOKEN)
            )
            assert found.json()["body"] == TEXT
            until(lambda: [h.fields["MessageStatus"] for h in hooks.of(sid)] == ["sent", "delivered"])
            assert send(second).status_code == 201
        with running("local.carrier", environment) as third:
            assert third.client.get("/carrier/counts").json()["accepted"] == 2


def test_carrier_blocks_an_opted_out_phone_when_told_to(tmp_path: Path) -> None:
    environment = carrier_environment(tmp_path / "log.jsonl", CARRIER_BLOCK_OPTED_OUT="1")
    with running("local.carrier", environment) as carrier:
        assert send(carrier).status_code == 201
        carrier.client.post("/phone/api/reply", json={"from": "+18165550101", "body": "stop"})
        assert send(carrier).json()["code"] == 21610
        assert send(carrier, To="+18165550102").status_code == 201
        carrier.client.post("/phone/api/reply", json={"from": "+18165550101", "body": "START"})
        assert send(carrier).status_code == 201
