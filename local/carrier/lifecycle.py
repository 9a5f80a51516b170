"""What becomes of an accepted message: queued, sent, delivered or not, and the callbacks that say so."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from local.carrier.ledger import Ledger, Message
from local.carrier.settings import CarrierSettings
from local.carrier.webhooks import WebhookSender
from local.faults import FaultBook

CALLBACK_MODES = (
    "callback_duplicate",
    "callback_reorder",
    "callback_before_reply",
    "callback_never",
    "undelivered",
    "failed",
)
_UNREACHABLE_HANDSET = 30003
_UNKNOWN_ERROR = 30008
_BEFORE_REPLY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """How this message ends, and how its callbacks go: `copies` of each, reordered, early or never."""

    statuses: tuple[str, ...]
    final: str = "delivered"
    error_code: int | None = None
    copies: int = 1
    reordered: bool = False
    before_reply: bool = False
    never: bool = False


class Lifecycle:
    """Moves accepted messages on and posts their status callbacks."""

    def __init__(
        self, settings: CarrierSettings, ledger: Ledger, webhooks: WebhookSender, book: FaultBook
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._webhooks = webhooks
        self._book = book
        self._running: set[asyncio.Task[Any]] = set()

    def plan_for(self, to: str) -> CallbackPlan:
        """Throw the dice of the callback faults for one message to `to`."""
        statuses = self._settings.callback_statuses
        striking = {fault.mode: fault for fault in self._book.striking(CALLBACK_MODES, to)}
        if not striking:
            return CallbackPlan(statuses)
        final, error_code = "delivered", None
        if fault := striking.get("undelivered"):
            final, error_code = "undelivered", fault.code or _UNREACHABLE_HANDSET
        if fault := striking.get("failed"):
            final, error_code = "failed", fault.code or _UNKNOWN_ERROR
        duplicate = striking.get("callback_duplicate")
        return CallbackPlan(
            ("queued", "sent", "delivered") if "callback_reorder" in striking else statuses,
            final,
            error_code,
            copies=1 + (duplicate.copies if duplicate else 0),
            reordered="callback_reorder" in striking,
            before_reply="callback_before_reply" in striking,
            never="callback_never" in striking,
        )

    async def call_back_before_reply(self, message: Message) -> None:
        """Post the first callback while the sender still waits for its reply."""
        self._move(message, "sent", None)
        try:
            async with asyncio.timeout(_BEFORE_REPLY_SECONDS):
                await self._call_back(message, "sent", None)
        except TimeoutError:
            pass  # the receiver waits for us as we for it: the reply goes out and breaks the tie

    def start(self, message: Message, plan: CallbackPlan) -> None:
        """Let `message` live on by `plan`, in the background."""
        self._spawn(self._live(message, plan))

    def resume(self) -> None:
        """Go on with the messages a stopped carrier left unfinished."""
        for message in self._ledger.unfinished():
            self.start(message, CallbackPlan(self._settings.callback_statuses))

    def stop(self) -> None:
        """Cancel what is under way."""
        for task in tuple(self._running):
            task.cancel()

    async def _live(self, message: Message, plan: CallbackPlan) -> None:
        told = [status for status in plan.statuses if status != "delivered"] + [plan.final]
        delay = self._settings.callback_delay_ms / 1000
        if plan.never or message.status_callback is None:
            told_now: list[str] = []
        else:
            told_now = told
        if "queued" in told_now and not plan.reordered:
            self._post(message, plan, "queued")
        await asyncio.sleep(delay)
        if message.status == "queued" and plan.final != "failed":
            self._move(message, "sent", None)
            if "sent" in told_now and not plan.reordered:
                self._post(message, plan, "sent")
        await asyncio.sleep(delay)
        self._move(message, plan.final, plan.error_code)
        for status in reversed(told_now) if plan.reordered else told_now[-1:]:
            for callback in self._post(message, plan, status):
                if plan.reordered:
                    await callback

    def _move(self, message: Message, status: str, error_code: int | None) -> None:
        self._ledger.record("status", time.time(), sid=message.sid, status=status, error_code=error_code)

    def _post(self, message: Message, plan: CallbackPlan, status: str) -> list[asyncio.Task[Any]]:
        code = plan.error_code if status == plan.final else None
        return [self._spawn(self._call_back(message, status, code)) for _ in range(plan.copies)]

    async def _call_back(self, message: Message, status: str, error_code: int | None) -> None:
        if message.status_callback is None:
            return
        fields = {
            "AccountSid": self._settings.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if error_code is not None:
            fields["ErrorCode"] = str(error_code)
        await self._webhooks.send("status", message.status_callback, fields)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task
