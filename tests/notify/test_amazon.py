"""Amazon's SNS and SES by themselves: what leaves when, and what each answer means."""

import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from kernel.ids import new_id
from kernel.personal import Personal
from services.notify.rules.provider_pace import Pace
from services.notify.sending import amazon as amazon_module
from services.notify.sending.amazon import SesMail, SnsSms
from services.notify.sending.provider import Letter, LookupFailed, Outcome
from services.notify.sending.smtp_mail import SmtpMail
from tests.notify.sns_endpoint import sns_endpoint

FAST = Pace(1000, 100_000, 90)


def letter(address: str) -> Letter:
    return Letter(new_id(), new_id(), Personal(address), "Prairie Crossing: see you Tue", "Your visit", "")


SAID = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>%b</Code><Message>%b</Message></Error></ErrorResponse>"
)
AMAZON_SAYS = (
    (
        400,
        "InvalidParameter",
        "Invalid parameter: PhoneNumber Reason: it is opted out",
        ("refused", "OptedOut"),
    ),
    (400, "InvalidParameter", "Invalid parameter: Message too long", ("refused", "InvalidParameter")),
    (400, "Throttling", "Rate exceeded", ("not_transmitted", "Throttling")),
    (403, "AuthorizationError", "not yours", ("refused", "AuthorizationError")),
    (500, "InternalError", "try again", ("unknown", "InternalError")),
    (503, "ServiceUnavailable", "later", ("unknown", "ServiceUnavailable")),
)


@pytest.mark.usefixtures("amazon_keys")
@pytest.mark.capability("N7")
@pytest.mark.fault("F32", "F39")
def test_a_text_by_amazon_is_written_without_a_wait_and_its_answer_is_read_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`start` runs while the recipient and the visit are locked: a STOP must not wait for Amazon."""
    with mock_aws(), sns_endpoint() as amazon:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", amazon.url)
        amazon.answers.clear()
        prepared = SnsSms("us-east-1", FAST).prepare([letter("+18165550142"), letter("+18165550143")])
        first, second = (item for item in prepared if not isinstance(item, Outcome))
        assert (first.open(), second.open()) == (None, None)
        assert not amazon.received.is_set(), "nothing is asked before the fence"
        first.start()
        assert amazon.received.wait(20), "Amazon has it, and has not answered"
        assert not amazon.answers.is_set()
        second.abandon()
        amazon.answers.set()
        assert first.finish().result == "accepted"
        kept = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        assert [number for number, _ in kept.values()] == ["+18165550142"]
        # Nobody there: not transmitted, so the other provider may have it.
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:1")
        (nobody,) = SnsSms("us-east-1", FAST).prepare([letter("+18165550142")])
        assert nobody == Outcome("not_transmitted", code="connect")


@pytest.mark.usefixtures("amazon_keys")
@pytest.mark.capability("N7")
@pytest.mark.fault("F28")
def test_an_amazon_that_never_answers_takes_the_time_of_one_connection_whatever_the_wave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixteen waits in a row would outlast the task, and leave sixteen texts in doubt that never left."""
    monkeypatch.setattr(amazon_module, "PROVIDER_CONNECT_SECONDS", 0.5)
    # The system takes connections into its queue; nobody answers the TLS greeting.
    with socket.create_server(("127.0.0.1", 0), backlog=SnsSms.letters_at_once) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"https://127.0.0.1:{silent.getsockname()[1]}")
        sns = SnsSms("us-east-1", FAST)
        prepared = sns.prepare([letter("+18165550142")] * sns.letters_a_batch)
        opened = [item if isinstance(item, Outcome) else item.open() for item in prepared]
        assert opened == [Outcome("not_transmitted", code="connect")] * sns.letters_a_batch
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.capability("N7")
@pytest.mark.fault("F28")
def test_a_text_that_may_not_be_signed_was_not_transmitted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The keys come with a role, and the role is refused: an answer of another service, before anything is written."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    keys = "aws_access_key_id = for-tests\naws_secret_access_key = for-tests\n"
    role = "role_arn = arn:aws:iam::123456789012:role/texts\nsource_profile = keys\n"
    config = tmp_path / "config"
    config.write_text(f"[profile keys]\n{keys}[profile texts]\n{role}")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with sns_endpoint() as amazon:
        amazon.instead = (403, SAID % (b"AccessDenied", b"not yours"))
        for name, value in {
            "AWS_CONFIG_FILE": str(config),
            "AWS_PROFILE": "texts",
            "AWS_ENDPOINT_URL_STS": amazon.url,
            "AWS_ENDPOINT_URL_SNS": amazon.url,
        }.items():
            monkeypatch.setenv(name, value)
        prepared = SnsSms("us-east-1", FAST).prepare([letter("+18165550142")])
    assert prepared == [Outcome("not_transmitted", code="ClientError")]
    assert amazon.requests == 1, "the role was asked for, and nothing else"


@pytest.mark.capability("N7")
@pytest.mark.fault("F28")
def test_keys_that_never_come_are_not_waited_for_and_leave_nothing_in_doubt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The library would wait a minute for its own question, and ask five times: longer than the task may last."""
    token = tmp_path / "token"
    token.write_text("of-the-cluster")
    composer = SmtpMail("127.0.0.1", 1, "visits@clinic.example.test", "Prairie Crossing", FAST)
    monkeypatch.setattr(amazon_module, "KEYS_SECONDS", 0.2)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/texts")
    letters = [letter("+18165550142")] * 16
    with socket.create_server(("127.0.0.1", 0), backlog=SnsSms.letters_at_once) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        both: list[Any] = [
            SnsSms("us-east-1", FAST),
            SesMail("us-east-1", FAST, composer.compose, composer.sender),
        ]
        for provider in both:
            found: list[Any] = []
            asking = threading.Thread(target=lambda to=provider, kept=found: kept.extend(to.prepare(letters)))
            asking.start()
            asking.join(60)
            assert found == [Outcome("not_transmitted", code="ReadTimeoutError")] * len(letters)
            silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    # Nor is a letter in doubt where there are no keys at all.
    for name in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    mails = SesMail("us-east-1", FAST, composer.compose, composer.sender)
    assert mails.prepare(letters[:1]) == [Outcome("not_transmitted", code="NoCredentialsError")]


def outcome_of(provider: Any, address: str) -> Outcome:
    (transmission,) = provider.prepare([letter(address)])
    assert transmission.open() is None
    transmission.start()
    found = transmission.finish()
    assert isinstance(found, Outcome)
    return found


@pytest.mark.usefixtures("amazon_keys")
@pytest.mark.capability("N7")
def test_amazon_takes_texts_and_mails_and_its_refusals_are_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with mock_aws(), sns_endpoint() as amazon:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", amazon.url)
        texts = SnsSms("us-east-1", FAST)
        taken = outcome_of(texts, "+18165550142")
        assert (taken.result, bool(taken.provider_message_id)) == ("accepted", True)
        kept = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        assert list(kept.values()) == [("+18165550142", "Prairie Crossing: see you Tue")]
        wrong = outcome_of(texts, "not a number")
        assert (wrong.result, wrong.permanent) == ("refused", True)
        for status, code, told, result in AMAZON_SAYS:
            amazon.instead = (status, SAID % (code.encode(), told.encode()))
            before = amazon.requests
            answer = outcome_of(texts, "+18165550142")
            assert (answer.result, answer.code, answer.permanent) == (*result, False)
            assert amazon.requests == before + 1, "the library repeats nothing"
        amazon.instead = (200, b"no XML")
        assert outcome_of(texts, "+18165550142").result == "unknown"
        with pytest.raises(LookupFailed):
            texts.find(Personal("+18165550142"), datetime.now(UTC))

        composer = SmtpMail("127.0.0.1", 1, "visits@clinic.example.test", "Prairie Crossing", FAST)
        mails = SesMail("us-east-1", FAST, composer.compose, composer.sender)
        assert outcome_of(mails, "rosa@example.test").result == "refused"
        boto3.client("sesv2", region_name="us-east-1").create_email_identity(
            EmailIdentity="visits@clinic.example.test"
        )
        assert outcome_of(mails, "rosa@example.test").result == "accepted"
        # An address no header can hold is refused as itself; the others of its batch go.
        people = ("ñandú@example.test", "rosa@example.test")
        bad, good = mails.prepare([letter(address) for address in people])
        assert bad == Outcome("refused", code="address", permanent=True)
        assert not isinstance(good, Outcome)
        good.start()
        assert good.finish().result == "accepted"
