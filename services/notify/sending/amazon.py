"""Amazon SNS for texts and SES for e-mail, as second providers. boto3 is imported where it is used."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from kernel.personal import Personal
from kernel.timings import PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS
from services.notify.rules.provider_pace import Pace
from services.notify.sending.line import BrokenLine, Line, Reply
from services.notify.sending.line_pool import LinePool
from services.notify.sending.provider import Found, Letter, NoList, Outcome, Transmission

LARGEST_ANSWER = 64 * 1024
# To connect, and to answer: both inside the time a wave has to connect.
KEYS_SECONDS = 1.0
# What Amazon answers when it took nothing and may be asked again.
_PASSING = ("Throttling", "ThrottledException", "TooManyRequestsException", "KMSThrottling", "LimitExceeded")
# About the number when the message names it; else about the text, or about our own settings.
_DEAD = ("InvalidParameter", "InvalidParameterValue")


class _Amazon:
    """What both have in common: one client, no retries of its own, keys in time, and no list to ask afterwards."""

    waits_for_receipts = False

    def __init__(self, service: str, region: str) -> None:
        import boto3
        from botocore.config import Config
        from botocore.session import get_session

        self._session: Any = get_session()
        # For the services the library asks for keys by itself: it would wait a minute for each, and ask five times.
        asking = Config(
            connect_timeout=KEYS_SECONDS, read_timeout=KEYS_SECONDS, retries={"total_max_attempts": 1}
        )
        self._session.set_default_client_config(asking)
        timeouts = Config(
            connect_timeout=PROVIDER_CONNECT_SECONDS,
            read_timeout=PROVIDER_TOTAL_SECONDS - PROVIDER_CONNECT_SECONDS,
            # A retry of the library's would be a second text nobody asked for.
            retries={"total_max_attempts": 1},
        )
        made_by = boto3.Session(botocore_session=self._session)
        self.client: Any = made_by.client(service, region_name=region, config=timeouts)

    def without_keys(self) -> Outcome | None:
        """Why nothing can be signed now, said before anything is written; None when it can."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            keys = self._session.get_credentials()
            if keys is None:
                raise NoCredentialsError
            keys.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            # The latter where the keys come from another service of Amazon's, and it refuses them.
            return Outcome("not_transmitted", code=type(error).__name__)
        return None

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """Amazon keeps no list to ask."""
        raise NoList("no list")


class SnsSms(_Amazon):
    """Texts by Amazon SNS. The library signs the request and reads the answer; it is sent by a line of our own.

    Its own call would wait for the answer while the recipient's and the visit's locks are held (0226).
    """

    name = "sns"
    channel = "sms"
    letters_at_once = 16
    letters_a_batch = 16
    marks_handover = False

    def __init__(self, region: str, pace: Pace) -> None:
        super().__init__("sns", region)
        self.pace = pace
        self._lines = LinePool(self.client.meta.endpoint_url)
        self.client.meta.events.register("before-send.sns.Publish", _take_signed)

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Sign and connect once a letter, within three seconds for all, as `SmsHttp.prepare` does."""
        deadline = time.monotonic() + PROVIDER_CONNECT_SECONDS
        without = self.without_keys()
        if without is not None:
            return [without for _ in letters]
        prepared: list[Transmission | Outcome] = []
        refused = False
        for letter in letters:
            if refused or time.monotonic() > deadline:
                prepared.append(Outcome("not_transmitted", code="connect"))
                continue
            one = self._prepared(letter, deadline)
            refused = isinstance(one, Outcome) and one.code == "connect"
            prepared.append(one)
        return prepared

    def _prepared(self, letter: Letter, deadline: float) -> Transmission | Outcome:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            request = self.signed(letter)
        except (BotoCoreError, ClientError) as error:
            return Outcome("not_transmitted", code=type(error).__name__)
        line = self._lines.take(deadline)
        if line is None:
            return Outcome("not_transmitted", code="connect")
        return _SnsPost(self, line, request)

    def signed(self, letter: Letter) -> bytes:
        """The signed request of `letter`; raises BotoCoreError or ClientError without credentials."""
        try:
            self.client.publish(PhoneNumber=letter.address.reveal(), Message=letter.text)
        except _Signed as signed:
            return _bytes_of(signed.request)
        raise RuntimeError("the library sent it by itself")

    def read(self, answer: Reply) -> Outcome:
        """What an answer of the Publish operation means."""
        model = self.client.meta.service_model
        shape = model.operation_model("Publish").output_shape
        whole = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        from botocore.parsers import ResponseParserError, create_parser

        try:
            parsed = create_parser(model.resolved_protocol).parse(whole, shape)
        except ResponseParserError:
            return Outcome("unknown", http_status=answer.status, code="no_id")
        if answer.status >= 300:
            error = parsed.get("Error", {})
            return _refusal(str(error.get("Code", "")), answer.status, str(error.get("Message", "")))
        if not parsed.get("MessageId"):
            return Outcome("unknown", http_status=answer.status, code="no_id")
        return Outcome("accepted", provider_message_id=parsed["MessageId"], http_status=answer.status)


class _Signed(Exception):
    """Not an error: how a signed request leaves the library before it is sent."""

    def __init__(self, request: Any) -> None:
        super().__init__("signed")
        self.request = request


def _take_signed(request: Any, **_: Any) -> None:
    raise _Signed(request)


def _bytes_of(request: Any) -> bytes:
    """A prepared request of botocore's as it goes over the wire."""

    def as_text(value: str | bytes) -> str:
        return value.decode("latin-1") if isinstance(value, bytes) else value

    address = urlsplit(request.url)
    headers = [f"{name}: {as_text(value)}" for name, value in request.headers.items()]
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    head = [f"{request.method} {path} HTTP/1.1", f"Host: {address.netloc}", "Accept-Encoding: identity"]
    body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
    return "\r\n".join([*head, *headers, "", ""]).encode("latin-1") + body


class _SnsPost:
    """One text, signed and with a line: written by `start`, answered by `finish`."""

    def __init__(self, provider: SnsSms, line: Line, request: bytes) -> None:
        self._provider = provider
        self._request = request
        self._line: Line | None = line
        self._deadline = 0.0

    def open(self) -> None:
        """Nothing to say beforehand: its line is connected."""

    def start(self) -> None:
        self._deadline = time.monotonic() + PROVIDER_TOTAL_SECONDS
        if self._line is None:
            return
        try:
            self._line.send(self._request, PROVIDER_CONNECT_SECONDS)
        except OSError:
            # Some bytes may have gone out.
            self._line.close()
            self._line = None

    def abandon(self) -> None:
        if self._line is not None:
            self._provider._lines.give_back(self._line)

    def finish(self) -> Outcome:
        if self._line is None:
            return Outcome("unknown", code="reset")
        try:
            answer = self._line.receive(self._deadline, LARGEST_ANSWER)
        except TimeoutError:
            self._line.close()
            return Outcome("unknown", code="timeout", doubtful=True)
        except (OSError, BrokenLine):
            self._line.close()
            return Outcome("unknown", code="reset")
        self._provider._lines.give_back(self._line)
        return self._provider.read(answer)


class SesMail(_Amazon):
    """E-mail by Amazon SES (v2), as the raw message our own composer writes."""

    name = "ses"
    channel = "email"
    # A call here writes and waits in one: after the mark, like a letter's DATA, and one at a time.
    letters_at_once = 1
    letters_a_batch = 1
    marks_handover = True

    def __init__(self, region: str, pace: Pace, compose: Callable[[Letter], bytes], sender: str) -> None:
        super().__init__("sesv2", region)
        self.pace = pace
        self._compose = compose
        self._sender = sender

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """One call a letter; refused at once to an address that cannot be written in a mail's header.

        Without keys nothing was transmitted: learnt in the call itself, after the mark, it would be a doubt.
        """
        without = self.without_keys()
        return [without or self._prepared(letter) for letter in letters]

    def _prepared(self, letter: Letter) -> Transmission | Outcome:
        try:
            raw = self._compose(letter)
        except ValueError:
            return Outcome("refused", code="address", permanent=True)

        def send(letter: Letter) -> str:
            answer = self.client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [letter.address.reveal()]},
                Content={"Raw": {"Data": raw}},
            )
            return str(answer["MessageId"])

        return _Call(send, letter)


class _Call:
    """One call of the library's, which writes and waits in one: made by `finish`, when nothing is locked."""

    def __init__(self, call: Callable[[Letter], str], letter: Letter) -> None:
        self._call = call
        self._letter = letter

    def open(self) -> None:
        """There is nothing to say before the call."""

    def start(self) -> None:
        """Nothing leaves before the mark is committed."""

    def abandon(self) -> None:
        return

    def finish(self) -> Outcome:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
        )

        try:
            return Outcome("accepted", provider_message_id=self._call(self._letter), http_status=200)
        except ClientError as error:
            told = error.response.get("Error", {})
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            return _refusal(str(told.get("Code", "")), status, str(told.get("Message", "")))
        except (ConnectTimeoutError, EndpointConnectionError):
            return Outcome("not_transmitted", code="connect")
        except BotoCoreError:
            return Outcome("unknown", code="reset", doubtful=True)


def _refusal(code: str, status: int, message: str) -> Outcome:
    """What an error Amazon answered with means for the message."""
    if code.startswith(_PASSING) or status == 429:
        return Outcome("not_transmitted", http_status=status, code=code)
    if "opted out" in message.lower():
        # Amazon's own list of STOPs, which it words as a wrong parameter.
        return Outcome("refused", http_status=status, code="OptedOut")
    if 400 <= status < 500:
        dead = code in _DEAD and "phonenumber" in message.replace(" ", "").lower()
        return Outcome("refused", http_status=status, code=code, permanent=dead)
    return Outcome("unknown", http_status=status, code=code)
