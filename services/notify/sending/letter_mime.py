"""An e-mail as the bytes that go over the wire: plain text, the same set as HTML, and the visit as a calendar file.

Built of the standard library's plain MIME parts: its EmailMessage parses every header it is given, 4 ms a letter of
5 KB against 0.4 here (docs/decisions/0138-letters-are-built-of-plain-mime-parts.md).
"""

import quopri
from collections.abc import Iterator
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import format_datetime, formataddr

from services.notify.sending.provider import Letter


class _OneLine(Compat32):
    """Headers go out as they were made here: on one line, in ASCII.

    RFC 5322 allows 998 bytes, and not every mail program unfolds a long link. Parsing each again to look for a place
    to fold it took half the time of a letter.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if not value.isascii() or not value.isprintable() or len(value) > 900:
            return super().fold_binary(name, value)
        return f"{name}: {value}{self.linesep}".encode("ascii")


_WIRE = _OneLine(linesep="\r\n", max_line_length=998)


def letter_bytes(letter: Letter, sender: str, sender_name: str, at: datetime) -> bytes:
    """`letter` from `sender`, ready for SMTP DATA (lines end in CRLF; dots are not yet doubled). `at` is aware.

    Calendars read the part beside the words; people find the same as a file they can open.
    """
    # A line of its own name: the library's would be looked for in every part, that it does not stand there already.
    words = MIMEMultipart("alternative", boundary=f"words-{letter.attempt_id.hex}", policy=_WIRE)
    words.attach(_part(letter.text, "text", "plain"))
    if letter.html:
        words.attach(_part(letter.html, "text", "html"))
    mail = words
    if letter.calendar:
        method = "CANCEL" if "METHOD:CANCEL" in letter.calendar else "REQUEST"
        words.attach(_part(letter.calendar, "text", "calendar", method=method))
        file = _part(letter.calendar, "application", "ics")
        file["Content-Disposition"] = 'attachment; filename="visit.ics"'
        mail = MIMEMultipart("mixed", boundary=f"parts-{letter.attempt_id.hex}", policy=_WIRE)
        mail.attach(words)
        mail.attach(file)
    for name, value in _headers(letter, sender, sender_name, at):
        mail.add_header(name, value)
    return mail.as_bytes(policy=_WIRE)


def _headers(letter: Letter, sender: str, sender_name: str, at: datetime) -> Iterator[tuple[str, str]]:
    yield "From", formataddr((_line(sender_name), sender))
    yield "To", wire_address(letter.address.reveal())
    subject = _line(letter.subject)
    yield "Subject", subject if subject.isascii() else Header(subject, "utf-8").encode()
    yield "Message-ID", f"<{letter.attempt_id}@{sender.rpartition('@')[2]}>"
    yield "Date", format_datetime(at)
    yield "Auto-Submitted", "auto-generated"
    if letter.stop_link:
        # RFC 2369 and RFC 8058: the mail program's own button, one press, no page to find.
        yield "List-Unsubscribe", f"<{letter.stop_link}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _part(text: str, kind: str, subtype: str, **params: str) -> MIMENonMultipart:
    part = MIMENonMultipart(kind, subtype, policy=_WIRE, charset="utf-8", **params)
    part["Content-Transfer-Encoding"] = "quoted-printable"
    plain = text.replace("\r\n", "\n")
    part.set_payload(quopri.encodestring(plain.encode()).decode("ascii"))
    return part


def wire_address(address: str) -> str:
    """`address` as SMTP takes it: the domain in ASCII (RFC 5890). Raises ValueError where that cannot be."""
    name, at, domain = address.rpartition("@")
    written = f"{name}{at}{domain.encode('idna').decode('ascii')}"
    if not at or not written.isascii() or not written.isprintable() or " " in written:
        raise ValueError("not an address a mail server takes")
    return written


def _line(value: str) -> str:
    """`value` on one line: a break in a header would begin another one."""
    return " ".join(value.split())
