"""Sends the carrier's webhooks: signed, over kept-open connections, tried again when the receiver fails."""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode, urlsplit

from local.carrier.ledger import Ledger
from local.carrier.signature import webhook_signature

Kind = Literal["status", "inbound"]
_TIMEOUT_SECONDS = 15.0
_FIRST_WAIT_SECONDS = 0.5
_AT_ONCE = 32


class WebhookSender:
    """Posts forms to the service's webhooks and records every try."""

    def __init__(self, ledger: Ledger, auth_token: str, tries: int) -> None:
        self._ledger = ledger
        self._auth_token = auth_token
        self._tries = tries
        self._idle: defaultdict[tuple[str, int], list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = (
            defaultdict(list)
        )
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def send(self, kind: Kind, url: str, fields: Mapping[str, str]) -> int | None:
        """POST `fields` to `url` until it is taken; returns the last HTTP status, None when nothing answered.

        A refusal (4xx but 429) is final; a failure is tried again after 0.5, 1, 2, 4 ... seconds.
        """
        body = urlencode(fields).encode()
        token = str(uuid.uuid4())
        signature = webhook_signature(self._auth_token, url, fields)
        status: int | None = None
        for attempt in range(1, self._tries + 1):
            error: str | None = None
            status = None
            try:
                async with self._room, asyncio.timeout(_TIMEOUT_SECONDS):
                    status = await self._post(url, body, signature, token)
            except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as reason:
                error = type(reason).__name__
            self._ledger.record(
                "webhook",
                time.time(),
                kind=kind,
                sid=fields["MessageSid"],
                url=url,
                message_status=fields.get("MessageStatus"),
                attempt=attempt,
                http_status=status,
                error=error,
            )
            if status is not None and status < 500 and status != 429:
                return status
            if attempt < self._tries:
                await asyncio.sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        return status

    def close(self) -> None:
        """Close the kept-open connections."""
        for connections in self._idle.values():
            for _, writer in connections:
                writer.close()
        self._idle.clear()

    async def _post(self, url: str, body: bytes, signature: str, token: str) -> int:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError("the local carrier posts to http addresses only")
        where = (parts.hostname, parts.port or 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: TwilioProxy/1.1\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\nX-Twilio-Signature: {signature}\r\n"
            f"I-Twilio-Idempotency-Token: {token}\r\n\r\n"
        )
        while self._idle[where]:
            reader, writer = self._idle[where].pop()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            return await self._exchange(where, reader, writer, head.encode() + body)
        reader, writer = await asyncio.open_connection(*where)
        return await self._exchange(where, reader, writer, head.encode() + body)

    async def _exchange(
        self,
        where: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: bytes,
    ) -> int:
        reusable = False
        try:
            writer.write(request)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
            status = int(first.split(" ")[1])
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            if status == 204 or "content-length" in headers:
                await reader.readexactly(0 if status == 204 else int(headers["content-length"]))
                reusable = headers.get("connection", "").lower() != "close"
            return status
        finally:
            if reusable:
                self._idle[where].append((reader, writer))
            else:
                writer.close()
