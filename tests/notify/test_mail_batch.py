"""E-mails of a batch share one connection; when it breaks, only the letter on it is in doubt."""

import smtplib
from collections import Counter
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from kernel.ids import new_id
from kernel.personal import Personal
from services.notify.sending.letter_mime import letter_bytes
from services.notify.sending.provider import Letter
from tests.notify.people import book, book_by_mail, submit
from tests.notify.standing import TUESDAY_TEN, Standing

MAILS = 12


def test_a_batch_goes_over_one_connection(notify: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine must not make two rings of it.
    monkeypatch.setattr("services.notify.sending.courier.LAST_WAVE_STARTS_AFTER_SECONDS", 600.0)
    addresses = book_by_mail(notify, "one", MAILS)
    connect, send = smtplib.SMTP.connect, smtplib.SMTP.send
    with (
        mock.patch.object(smtplib.SMTP, "connect", autospec=True, side_effect=connect) as connecting,
        mock.patch.object(smtplib.SMTP, "send", autospec=True, side_effect=send) as sending,
    ):
        notify.work[0].run(new_id())
    assert connecting.call_count == 1
    written = [call.args[1] for call in sending.call_args_list if "MAIL FROM" in str(call.args[1])]
    assert len(written) == MAILS
    assert all(one.count("\r\n") == 2 and "RCPT TO" in one for one in written), (
        "the envelope takes one journey"
    )
    assert {row.state for row in notify.messages(step="booked", channel="email")} == {"sent"}
    assert [len(notify.mails_to(address)) for address in addresses] == [1] * MAILS


def test_a_connection_that_breaks_leaves_one_letter_in_doubt_and_the_rest_goes_later(
    notify: Standing,
) -> None:
    addresses = book_by_mail(notify, "two", MAILS)
    notify.mailbox.put("/mail/faults", json={"mode": "drop", "when": "after", "to": addresses[4], "count": 1})
    notify.work[0].run(new_id())
    states = Counter(row.state for row in notify.messages(step="booked", channel="email"))
    assert states["unknown"] == 1
    assert states["sent"] + states["due"] == MAILS - 1
    assert states["due"] > 0
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=2))
    notify.send_due()
    states = Counter(row.state for row in notify.messages(step="booked", channel="email"))
    assert states == {"sent": MAILS - 1, "unknown": 1}
    assert [len(notify.mails_to(address)) for address in addresses] == [1] * MAILS


def test_an_address_no_mail_server_takes_ends_alone_and_a_foreign_domain_goes(notify: Standing) -> None:
    """BAD-49: and a line break in a name or a subject cannot begin a header."""
    addresses = ["ñandú@example.test", "rosa@ñandú.test", "plain@example.test"]
    visits = [
        book(
            notify,
            submit(notify, phone="", email=address, consent_sms=False),
            TUESDAY_TEN + timedelta(days=9),
        )
        for address in addresses
    ]
    # Nor does this server say that it takes commands together: it is told one by one.
    with mock.patch.object(smtplib.SMTP, "has_extn", return_value=False):
        notify.work[0].run(new_id())
    ends = [notify.states(appointment_id=visit)["booked", "email"] for visit in visits]
    assert [state for state, _ in ends] == ["failed", "sent", "sent"]
    assert ends[0][1] == "provider_address"
    assert len(notify.mails_to("rosa@xn--and-6ma2c.test")) == 1
    written = Letter(
        new_id(), new_id(), Personal("rosa@example.test"), "Hola\n.\n", "A\r\nBcc: all@example.test"
    )
    raw = letter_bytes(
        written, "visits@clinic.example.test", "Clinic\nX: y", datetime(2027, 3, 2, tzinfo=UTC)
    )
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert b"\r\nX:" not in head
