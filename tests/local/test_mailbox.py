"""The mailbox takes e-mail by SMTP, keeps it over a restart, shows it safely, and fails when told."""

import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.standins import ROOT, Running, running

HTML = (
    '<p>Your visit is <b>tomorrow</b>.</p><script>alert(1)</script><img src="http://example.test/pixel.png">'
)
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def environment(folder: Path) -> dict[str, str]:
    return {"MAILBOX_SMTP_PORT": "0", "MAILBOX_HTTP_PORT": "0", "MAILBOX_DIR": str(folder)}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("local.mailbox", environment(tmp_path_factory.mktemp("mail"))) as one:
        yield one


@pytest.fixture
def mailbox(process: Running) -> Iterator[Running]:
    yield process
    process.client.delete("/mail/faults")


def letter(to: str, subject: str = "Su cita de mañana") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "clinic@example.test", to
    message.set_content("Your visit is tomorrow at 10:00.\nMore: http://localhost:8080/intake?x=1 <ok>\n")
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(CALENDAR, maintype="text", subtype="calendar", filename="visit.ics")
    return message


def post(mailbox: Running, message: EmailMessage, timeout: float = 10) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.ports[0], timeout=timeout) as smtp:
        smtp.send_message(message)


def inbox(mailbox: Running, to: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mailbox.client.get("/mail/api/messages", params={"to": to}).json()[
        "messages"
    ]
    return found


def test_a_letter_is_taken_and_read(mailbox: Running) -> None:
    post(mailbox, letter("ana@example.test"))
    (one,) = inbox(mailbox, "ANA@example.test")
    assert one["subject"] == "Su cita de mañana"
    assert one["text"].startswith("Your visit is tomorrow at 10:00.")
    assert "<b>tomorrow</b>" in one["html"]
    assert [(a["name"], a["type"]) for a in one["attachments"]] == [("visit.ics", "text/calendar")]
    assert one["to"] == ["ana@example.test"]
    assert mailbox.client.get(f"/mail/api/messages/{one['id']}").json() == one
    assert inbox(mailbox, "na@example.test") == []
    page = mailbox.client.get(f"/mail/{one['id']}").text
    assert 'href="http://localhost:8080/intake?x=1"' in page
    assert "&lt;ok&gt;" in page
    file = mailbox.client.get(f"/mail/{one['id']}/attachments/0")
    assert file.content == CALENDAR
    assert file.headers["Content-Type"].startswith("text/calendar")
    assert "attachment" in file.headers["Content-Disposition"]
    assert b"Subject:" in mailbox.client.get(f"/mail/{one['id']}/raw").content


def test_html_of_a_letter_is_shut_in(mailbox: Running) -> None:
    post(mailbox, letter("bo@example.test"))
    number = inbox(mailbox, "bo@example.test")[0]["id"]
    page = mailbox.client.get(f"/mail/{number}")
    assert "<script>" not in page.text
    frame = re.search(r"<iframe[^>]*>", page.text)
    assert frame is not None
    assert "allow-scripts" not in frame[0]
    assert "allow-same-origin" not in frame[0]
    assert "sandbox=" in frame[0]
    policy = mailbox.client.get(f"/mail/{number}/html").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    for path in ("/mail", "/mail/static/mail.css", "/mail/static/stand_in.css"):
        assert not re.search(r"https?://", mailbox.client.get(path).text)


def test_calendar_part_without_a_name_is_offered_as_a_file(mailbox: Running) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Visit", "clinic@example.test", "cy@example.test"
    message.set_content("Text")
    message.add_alternative(CALENDAR.decode(), subtype="calendar", params={"method": "REQUEST"})
    post(mailbox, message)
    assert [a["name"] for a in inbox(mailbox, "cy@example.test")[0]["attachments"]] == ["visit.ics"]


def test_refused_for_now_and_for_good_at_the_recipient(mailbox: Running) -> None:
    mailbox.client.put("/mail/faults", json={"mode": "reject_451", "to": "di@example.test"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as later:
        post(mailbox, letter("di@example.test"))
    assert later.value.recipients["di@example.test"][0] == 451
    mailbox.client.put("/mail/faults", json={"mode": "reject_550", "to": "di@example.test"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as never:
        post(mailbox, letter("di@example.test"))
    assert never.value.recipients["di@example.test"][0] == 550
    post(mailbox, letter("ed@example.test"))
    assert inbox(mailbox, "di@example.test") == []
    assert len(inbox(mailbox, "ed@example.test")) == 1


def test_refused_after_the_letter(mailbox: Running) -> None:
    mailbox.client.put("/mail/faults", json={"mode": "reject_451", "when": "after", "count": 1})
    with pytest.raises(smtplib.SMTPDataError) as later:
        post(mailbox, letter("flo@example.test"))
    assert later.value.smtp_code == 451
    post(mailbox, letter("flo@example.test"))
    assert len(inbox(mailbox, "flo@example.test")) == 1


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_dropped_connections(mailbox: Running, when: str, kept: int) -> None:
    to = f"gus{kept}@example.test"
    mailbox.client.put("/mail/faults", json={"mode": "drop", "when": when})
    with pytest.raises((smtplib.SMTPException, OSError)):
        post(mailbox, letter(to))
    mailbox.client.delete("/mail/faults")
    assert len(inbox(mailbox, to)) == kept
    post(mailbox, letter(to))
    assert len(inbox(mailbox, to)) == kept + 1


def test_slow_answers_outlast_the_sender(mailbox: Running) -> None:
    mailbox.client.put("/mail/faults", json={"mode": "slow", "seconds": 1, "when": "after"})
    with pytest.raises(OSError, match="timed out"):
        post(mailbox, letter("hal@example.test"), timeout=0.4)
    assert len(inbox(mailbox, "hal@example.test")) == 1


def test_letters_outlive_a_kill(tmp_path: Path) -> None:
    with running("local.mailbox", environment(tmp_path)) as first:
        for number in range(3):
            post(first, letter("ida@example.test", f"Letter {number}"))
        first.kill()
    with (tmp_path / "mail.jsonl").open("ab") as half:
        half.write(b'{"id": 4, "at": 17')
    with running("local.mailbox", environment(tmp_path)) as second:
        subjects = [one["subject"] for one in inbox(second, "ida@example.test")]
        assert subjects == ["Letter 2", "Letter 1", "Letter 0"]
        post(second, letter("ida@example.test", "Letter 3"))
        assert inbox(second, "ida@example.test")[0]["id"] == 4


def test_many_letters_on_one_connection(mailbox: Running) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.ports[0], timeout=10) as smtp:
        for _ in range(50):
            smtp.send_message(letter("jo@example.test"))
    assert len(inbox(mailbox, "jo@example.test")) == 50


def test_pages_that_are_not_there_and_bad_switches(mailbox: Running) -> None:
    for path in (
        "/mail/999999",
        "/mail/abc",
        "/mail/1/attachments/77",
        "/mail/99999999999999999999",
        "/nothing",
    ):
        assert mailbox.client.get(path).status_code == 404, path
    assert mailbox.client.get("/mail/api/messages/999999").status_code == 404
    assert mailbox.client.get("/mail/api/messages?limit=x").status_code == 400
    for body in (b"{", b'{"mode": "explode"}', b'{"mode": "slow", "seconds": -1}'):
        assert mailbox.client.put("/mail/faults", content=body).status_code == 422
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert mailbox.client.put("/mail/faults", json=[], headers=foreign).status_code == 403
    added = mailbox.client.post("/mail/faults/add", data={"mode": "slow", "seconds": "0.5", "when": "after"})
    assert added.status_code == 303
    assert "Wait these seconds 0.5 s" in mailbox.client.get("/mail").text
    refused = mailbox.client.post("/mail/faults/add", data={"mode": "slow", "seconds": "soon"})
    assert "Not switched on" in mailbox.client.get(refused.headers["Location"]).text
    mailbox.client.post("/mail/faults/clear")
    assert "Healthy" in mailbox.client.get("/mail").text


def test_a_letter_that_is_not_a_letter_is_still_shown(mailbox: Running) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.ports[0], timeout=10) as smtp:
        raw = b"Content-Type: text/plain; charset=no-such\r\nSubject: =?x?b?\r\n\r\nca\xf1a\x00\r\n"
        smtp.sendmail("clinic@example.test", ["kim@example.test"], raw)
        smtp.sendmail("clinic@example.test", ["kim@example.test"], b"\r\n\xff\xfe\r\n")
    first = inbox(mailbox, "kim@example.test")
    assert len(first) == 2
    for one in first:
        assert mailbox.client.get(f"/mail/{one['id']}").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{mailbox.ports[1]}/ready").status_code == 200


def test_what_hinders_the_start_is_one_sentence(tmp_path: Path, mailbox: Running) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "mail.jsonl").write_text("not a letter\n")
    cases = [
        (environment(broken), 1, "move its mail.jsonl away"),
        (environment(tmp_path) | {"MAILBOX_HTTP_PORT": str(mailbox.ports[1])}, 1, "port"),
        (environment(tmp_path) | {"MAILBOX_DIR": ""}, 2, "MAILBOX_DIR"),
        (environment(tmp_path) | {"MAILBOX_SMTP_PORT": "many"}, 2, "MAILBOX_SMTP_PORT"),
    ]
    for settings, code, words in cases:
        run = subprocess.run(
            [sys.executable, "-m", "local.mailbox"],
            cwd=ROOT,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, "Traceback" in run.stderr) == (code, False)
        assert words in run.stderr
