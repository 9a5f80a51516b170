"""Amazon SNS for texts and SES for e-mail, as second providers. boto3 is imported where it is used."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from kernel.personal import Personal
from kernel.timings import PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS
from services.notify.rules.provider_pace import Pace
from services.notify.sending.provider import Found, Letter, NoList, Outcome, Transmission

# What Amazon answers when it took nothing and may be asked again.
_PASSING = ("Throttling", "ThrottledException", "TooManyRequestsException", "KMSThrottling", "LimitExceeded")
_DEAD = ("InvalidParameter", "InvalidParameterValue")


class _Amazon:
    """What both have in common: one client, no retries of its own, and no list to ask afterwards."""

    waits_for_receipts = False
    # A call here writes and waits in one.
    letters_at_once = 1
    letters_a_batch = 1

    def __init__(self, service: str, region: str) -> None:
        import boto3
        from botocore.config import Config

        timeouts = Config(
            connect_timeout=PROVIDER_CONNECT_SECONDS,
            read_timeout=PROVIDER_TOTAL_SECONDS - PROVIDER_CONNECT_SECONDS,
            # A retry of the library's would be a second text nobody asked for.
            retries={"total_max_attempts": 1},
        )
        self.client: Any = boto3.client(service, region_name=region, config=timeouts)

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """Amazon keeps no list to ask."""
        raise NoList("no list")


class SnsSms(_Amazon):
    """Texts by Amazon SNS."""

    name = "sns"
    channel = "sms"
    # Its call is made under the fence, one text at a time: none may begin after a STOP was answered.
    marks_handover = False

    def __init__(self, region: str, pace: Pace) -> None:
        super().__init__("sns", region)
        self.pace = pace

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """One call a letter."""

        def publish(letter: Letter) -> str:
            answer = self.client.publish(PhoneNumber=letter.address.reveal(), Message=letter.text)
            return str(answer["MessageId"])

        return [_Call(publish, letter, under_the_fence=True) for letter in letters]


class SesMail(_Amazon):
    """E-mail by Amazon SES (v2), as the raw message our own composer writes."""

    name = "ses"
    channel = "email"
    # Its call is made after the mark, like a letter's DATA: nothing is locked while it waits.
    marks_handover = True

    def __init__(self, region: str, pace: Pace, compose: Callable[[Letter], bytes], sender: str) -> None:
        super().__init__("sesv2", region)
        self.pace = pace
        self._compose = compose
        self._sender = sender

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """One call a letter; refused at once to an address that cannot be written in a mail's header."""
        return [self._prepared(letter) for letter in letters]

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

        return _Call(send, letter, under_the_fence=False)


class _Call:
    """One call to Amazon, in `start` or in `finish`: the library has no moment between write and wait."""

    def __init__(self, call: Callable[[Letter], str], letter: Letter, *, under_the_fence: bool) -> None:
        self._call = call
        self._letter = letter
        self._under_the_fence = under_the_fence
        self._outcome: Outcome | None = None

    def open(self) -> None:
        """There is nothing to say before the call."""

    def start(self) -> None:
        if self._under_the_fence:
            self._outcome = self._made()

    def abandon(self) -> None:
        return

    def finish(self) -> Outcome:
        return self._outcome or self._made()

    def _made(self) -> Outcome:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
        )

        try:
            return Outcome("accepted", provider_message_id=self._call(self._letter), http_status=200)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code.startswith(_PASSING) or status == 429:
                return Outcome("not_transmitted", http_status=status, code=code)
            if 400 <= status < 500:
                return Outcome("refused", http_status=status, code=code, permanent=code in _DEAD)
            return Outcome("unknown", http_status=status, code=code)
        except (ConnectTimeoutError, EndpointConnectionError):
            return Outcome("not_transmitted", code="connect")
        except BotoCoreError:
            return Outcome("unknown", code="reset", doubtful=True)
