"""aiosmtpd's protocol, with a letter's DATA read in a few pieces instead of line by line.

A letter of ours has some 200 lines, and a coroutine waking for each of them made the mail server dearer than the sender
it is to measure.
"""

import asyncio
import re

from aiosmtpd.smtp import SMTP

LARGEST_LETTER = 10 * 1024 * 1024
# RFC 5321 4.5.3.1.6, with the CRLF; aiosmtpd allows one more.
LONGEST_LINE = 1001
_END = b".\r\n"
_STUFFED = re.compile(rb"(?:(?<=\r\n)|\A)\.")


class WholeLetters(SMTP):
    """Answers as aiosmtpd does: 552 to a letter that is too large, 500 to a line that is too long."""

    # The reader's buffer; the length of commands has a limit of its own.
    line_length_limit = LARGEST_LETTER

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the name aiosmtpd looks for
        """Take one letter up to the line with the lone dot, and let the handler answer."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        raw = await self._read_letter()
        if raw is None:
            await self.push("552 Error: Too much mail data")
        elif max(map(len, raw.split(b"\r\n"))) + 2 > LONGEST_LINE:
            await self.push("500 Line too long (see RFC5321 4.5.3.1.6)")
        else:
            content = _STUFFED.sub(b"", raw)
            self.envelope.content = self.envelope.original_content = content
            status = await self._call_handler_hook("DATA")
            self._set_post_data_state()  # type: ignore[no-untyped-call]
            await self.push(status)
            return
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def _read_letter(self) -> bytearray | None:
        """The letter without its last dot, dots still doubled; None, once all of it is here, when it is too large."""
        read, too_large = bytearray(), False
        try:
            while read != _END and not read.endswith(b"\r\n" + _END):
                try:
                    read += await self._reader.readuntil(_END)
                except asyncio.LimitOverrunError as error:
                    read += await self._reader.read(error.consumed)
                if len(read) > LARGEST_LETTER:
                    read, too_large = read[-len(_END) - 2 :], True
        except asyncio.CancelledError:
            # The connection was lost in the middle.
            self._writer.close()
            raise
        return None if too_large else read[: -len(_END)]
